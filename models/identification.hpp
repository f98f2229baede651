#pragma once
/// One face against a gallery, with strangers at the door: open-set 1:N. Pure; deterministic for a seed.
///
/// A round draws persons with enough pictures, enrols each from `pictures` of them and lets the rest of their pictures and all
/// pictures of everybody else knock. Rounds draw again, so that a small set is used well; they are not new persons.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/face_set.hpp"
#include "models/fusion.hpp"
#include "models/score_tail.hpp"
#include "models/verification.hpp"

namespace menshen::models {

struct GalleryPlan {
    std::size_t persons = 0;   ///< Enrolled in a round.
    std::size_t pictures = 3;  ///< That show a face, of each of them.
    bool with_probes = true;   ///< Only persons who have another picture to come back with.
    Fusion fusion = Fusion::best;
    float margin = 0;       ///< By which the best person must lead the second-best.
    std::size_t votes = 1;  ///< Pictures of a person that knock together; their scores are averaged.
    bool weighted = false;  ///< Enrolment pictures and votes count by their quality.
    std::uint64_t seed = 1;
};

/// One knock at the door.
struct Search {
    std::uint32_t person = 0;  ///< Who knocked, an index into the set.
    std::uint32_t best = 0;    ///< Whom the gallery thinks of first.
    float score = -1;          ///< Of `best`.
    float lead = 0;            ///< Over the second-best person.
};

struct Searches {
    std::vector<Search> strangers;
    std::vector<Search> residents;
    std::vector<std::uint32_t> missed;  ///< Residents' pictures without a face: each a miss, by person.
};

/// The most persons that a plan can enrol in this set.
[[nodiscard]] std::size_t enrollable(const FaceSet& set, const GalleryPlan& plan);

/// Round `round` of a plan; rounds are independent of each other and may be made by different threads. `plan.persons` is at most
/// enrollable().
[[nodiscard]] Searches search_round(const FaceSet& set, const GalleryPlan& plan, std::size_t round);

/// All rounds together, with the margin applied.
class SearchResults {
public:
    SearchResults(std::size_t persons, float margin) : margin_(margin), stranger_counts_(persons), resident_counts_(persons) {
        tail_.probes.resize(persons);
    }
    void add(const Searches& searches);
    /// Call once, after the last add().
    void finish();

    /// Strangers that lead by the margin; a search of a stranger is a comparison.
    [[nodiscard]] const ScoreTail& strangers() const { return tail_; }
    [[nodiscard]] double fpir_at(float threshold) const { return rate_at(tail_, threshold); }
    /// Residents recognised as themselves, of all pictures they came with, those without a face included.
    [[nodiscard]] Rate tpir_at(float threshold, const std::vector<std::vector<float>>& replicates) const;
    /// Residents taken for another resident.
    [[nodiscard]] double wrong_at(float threshold) const;
    [[nodiscard]] std::size_t stranger_persons() const;
    [[nodiscard]] std::size_t resident_persons() const;
    [[nodiscard]] std::size_t resident_searches() const;
    [[nodiscard]] std::size_t stranger_searches() const;

private:
    float margin_;
    ScoreTail tail_;
    std::vector<double> stranger_counts_;
    std::vector<double> resident_counts_;
    std::vector<HighScore> right_;  ///< Residents with themselves first and leading; descending.
    std::vector<HighScore> wrong_;
};

/// Every picture against every enrolled person, as with a card and a face: others' are impostors, the person's own that were not
/// enrolled are genuine. `plan.persons` does not matter: all who can be are enrolled.
[[nodiscard]] PairScores person_scores(const FaceSet& set, const GalleryPlan& plan, double keep);

}  // namespace menshen::models
