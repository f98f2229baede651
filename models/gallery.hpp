#pragma once
/// The enrolled faces, and who among them a face belongs to. Pure; one thread at a time. The numbers lie in secret pages
/// (models/secret_pages.hpp): in no core dump, wiped when they are replaced and when the gallery goes.

#include <cstdint>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "models/calibration.hpp"
#include "models/match.hpp"
#include "models/secret_pages.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// One enrolment picture of one person.
struct Enrolled {
    PersonId person;
    Template face;
};

/// How often a gallery may be wrong; Calibration turns it into cosines.
struct GallerySettings {
    double target_fpir = kDefaultFpir;  ///< 1:N: the share of strangers' walk-ups that may be taken for somebody.
    double target_fmr = kDefaultFmr;    ///< 1:1: the share of other people who may pass for the person they claim to be.
};

/// How a face compares with the gallery. A person's score is the cosine to the nearest of the person's templates, to their
/// mean, or the higher of the two: as the calibration's `fusion` says, since its thresholds hold for that.
struct Comparison {
    PersonId best;               ///< Empty when nobody is enrolled with this model.
    float best_score = -1.0F;    ///< Of the best person.
    float second_score = -1.0F;  ///< Of the second-best person; -1 when there is none.
    bool accepted = false;       ///< best_score reaches the threshold and leads second_score by the margin.
    bool extrapolated = false;   ///< The threshold goes beyond what was measured: no door may open 1:N by it.
};

/// How a face compares with the one person it is said to be.
struct Verification {
    bool enrolled = false;      ///< The person has templates of this model.
    float score = -1.0F;        ///< As in Comparison.
    bool accepted = false;      ///< The score reaches the threshold of 1:1.
    bool extrapolated = false;  ///< Likewise.
};

/// Persons and their templates of one model. Limit: kMaxTemplates; the rest is refused.
class Gallery {
public:
    static constexpr std::size_t kMaxTemplates = 50'000;

    Gallery(ModelTag model, Calibration calibration, GallerySettings settings = {});

    /// Replaces everything. A template of another model is never compared: its person is returned, once, as one who has to be
    /// enrolled again. Fails, changing nothing, when there are too many templates, no memory for them, or one does not have the
    /// model's dimension. The numbers handed in are wiped, whatever the outcome.
    [[nodiscard]] Result<std::vector<PersonId>> set(std::vector<Enrolled> enrolled);

    /// 1:N. A face of another model compares with nobody. Of two persons with the same score the one whose id comes first is
    /// best, and the lead of nothing refuses both.
    [[nodiscard]] Comparison compare(const Template& face) const;

    /// 1:1, as with a card. A face of another model is refused.
    [[nodiscard]] Verification verify(const PersonId& person, const Template& face) const;

    [[nodiscard]] std::size_t persons() const { return persons_.size(); }
    [[nodiscard]] const std::vector<PersonId>& ids() const { return persons_; }  ///< Ascending.
    [[nodiscard]] std::size_t templates() const { return templates_; }
    /// The cosine that a match needs with as many persons as are enrolled now.
    [[nodiscard]] float threshold() const { return identify_.cosine; }
    [[nodiscard]] const Calibration& calibration() const { return calibration_; }
    [[nodiscard]] const GallerySettings& settings() const { return settings_; }
    [[nodiscard]] const ModelTag& model() const { return model_; }

private:
    ModelTag model_;
    Calibration calibration_;
    GallerySettings settings_;
    Threshold identify_;
    Threshold verify_;
    std::size_t templates_ = 0;
    std::vector<PersonId> persons_;       ///< Ascending.
    std::vector<std::size_t> first_row_;  ///< Of each person, and the end.
    std::vector<std::uint32_t> owners_;   ///< Of each row, an index into persons_.
    SecretFloats values_;                 ///< Rows behind each other, so that a comparison is one pass over memory.
};

}  // namespace menshen::models
