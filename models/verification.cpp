#include "models/verification.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/seeded.hpp"

namespace menshen::models {
namespace {

constexpr std::size_t kFolds = 10;

struct Pair {
    float score;
    bool same;
};

using Faces = std::vector<const PictureFace*>;

Faces acquired_of(const PersonFaces& person) {
    Faces out;
    for (const auto& picture : person.pictures)
        if (picture.acquired()) out.push_back(&picture);
    return out;
}

std::size_t below(const std::vector<HighScore>& ascending, float threshold) {
    const auto end =
        std::partition_point(ascending.begin(), ascending.end(), [&](const auto& one) { return one.score < threshold; });
    return static_cast<std::size_t>(end - ascending.begin());
}

/// Pairs of the persons of one fold, as many of two persons as of one.
std::vector<Pair> pairs_of_fold(const std::vector<Faces>& persons, std::size_t limit, Seeded& random) {
    std::vector<Pair> out;
    for (const auto& faces : persons)
        for (std::size_t i = 0; i < faces.size(); ++i)
            for (std::size_t j = i + 1; j < faces.size(); ++j)
                out.push_back({cosine_of(faces[i]->values, faces[j]->values), true});
    random.shuffle(out);
    if (out.size() > limit) out.resize(limit);
    if (persons.size() < 2) return out;
    for (std::size_t same = out.size(); same > 0; --same) {
        const auto a = random.below(persons.size());
        const auto b = (a + 1 + random.below(persons.size() - 1)) % persons.size();
        const auto &one = persons[a], &other = persons[b];
        out.push_back({cosine_of(one[random.below(one.size())]->values, other[random.below(other.size())]->values), false});
    }
    return out;
}

/// The threshold with the fewest mistakes.
float best_threshold(std::vector<Pair> pairs) {
    std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.score < b.score; });
    // From "everything is a match" upward: a pair that falls below is right when it is of two persons.
    long gain = 0, best_gain = 0;
    float best = pairs.empty() ? 0 : pairs.front().score;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        gain += pairs[i].same ? -1 : 1;
        if (gain <= best_gain) continue;
        best_gain = gain;
        best = i + 1 < pairs.size() ? (pairs[i].score + pairs[i + 1].score) / 2 : std::nextafter(pairs[i].score, 2.0F);
    }
    return best;
}

double accuracy_of(const std::vector<Pair>& pairs, float threshold) {
    const auto right =
        std::count_if(pairs.begin(), pairs.end(), [&](const Pair& one) { return (one.score >= threshold) == one.same; });
    return static_cast<double>(right) / static_cast<double>(pairs.size());
}

}  // namespace

PairScores all_pairs(const FaceSet& set, double keep) {
    PairScores out;
    std::vector<Faces> persons;
    for (const auto& person : set.persons) persons.push_back(acquired_of(person));
    const double pictures = static_cast<double>(set.acquired());
    TailCollector tail(1000 + static_cast<std::size_t>(keep * pictures * pictures / 2));
    for (std::size_t p = 0; p < persons.size(); ++p) {
        const auto person = static_cast<std::uint32_t>(p);
        for (std::size_t i = 0; i < persons[p].size(); ++i) {
            for (std::size_t j = i + 1; j < persons[p].size(); ++j)
                out.genuine.push_back({cosine_of(persons[p][i]->values, persons[p][j]->values), person, person});
            for (std::size_t q = p + 1; q < persons.size(); ++q)
                for (const auto* other : persons[q])
                    tail.add({cosine_of(persons[p][i]->values, other->values), person, static_cast<std::uint32_t>(q)});
        }
    }
    out.impostors = tail.take();
    for (const auto& faces : persons) {
        const auto count = static_cast<double>(faces.size());
        // Both directions would count each pair twice: a picture is half a probe.
        out.impostors.probes.push_back(count / 2);
        out.impostors.targets.push_back(count);
        out.genuine_of.push_back(count * (count - 1) / 2);
    }
    out.impostor_pairs = static_cast<std::size_t>(std::llround(out.impostors.comparisons()));
    std::sort(out.genuine.begin(), out.genuine.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
    return out;
}

double fnmr_at(const PairScores& pairs, float threshold) {
    if (pairs.genuine.empty()) return 0;
    return static_cast<double>(below(pairs.genuine, threshold)) / static_cast<double>(pairs.genuine.size());
}

double fnmr_by_person_at(const PairScores& pairs, float threshold) {
    double sum = 0;
    for (std::size_t i = below(pairs.genuine, threshold); i > 0; --i) sum += 1 / pairs.genuine_of[pairs.genuine[i - 1].probe];
    const auto persons = std::count_if(pairs.genuine_of.begin(), pairs.genuine_of.end(), [](double count) { return count > 0; });
    return persons > 0 ? sum / static_cast<double>(persons) : 0;
}

Rate fnmr_with_interval(const PairScores& pairs, float threshold, const std::vector<std::vector<float>>& replicates) {
    const auto count = below(pairs.genuine, threshold);
    std::vector<double> rates;
    for (const auto& weights : replicates) {
        double errors = 0;
        for (std::size_t i = 0; i < count; ++i) errors += weights[pairs.genuine[i].probe];
        const double all = std::inner_product(pairs.genuine_of.begin(), pairs.genuine_of.end(), weights.begin(), 0.0);
        if (all > 0) rates.push_back(errors / all);
    }
    return with_replicates(fnmr_at(pairs, threshold), rates);
}

double TenFolds::mean() const {
    if (accuracies.empty()) return 0;
    return std::accumulate(accuracies.begin(), accuracies.end(), 0.0) / static_cast<double>(accuracies.size());
}

double TenFolds::standard_error() const {
    if (accuracies.size() < 2) return 0;
    double squares = 0;
    for (const double one : accuracies) squares += (one - mean()) * (one - mean());
    const auto n = static_cast<double>(accuracies.size());
    return std::sqrt(squares / (n - 1) / n);
}

TenFolds ten_folds(const FaceSet& set, std::size_t pairs_per_fold, std::uint64_t seed) {
    Seeded random(seed);
    std::vector<Faces> persons;
    for (const auto& person : set.persons)
        if (auto faces = acquired_of(person); !faces.empty()) persons.push_back(std::move(faces));
    random.shuffle(persons);
    std::vector<std::vector<Faces>> folds(kFolds);
    for (std::size_t p = 0; p < persons.size(); ++p) folds[p % kFolds].push_back(persons[p]);
    std::vector<std::vector<Pair>> pairs;
    TenFolds out;
    for (const auto& fold : folds) {
        pairs.push_back(pairs_of_fold(fold, pairs_per_fold, random));
        if (pairs.back().empty() || fold.size() < 2) return {};
        out.pairs += pairs.back().size();
    }
    for (std::size_t judged = 0; judged < kFolds; ++judged) {
        std::vector<Pair> rest;
        for (std::size_t f = 0; f < kFolds; ++f)
            if (f != judged) rest.insert(rest.end(), pairs[f].begin(), pairs[f].end());
        out.accuracies.push_back(accuracy_of(pairs[judged], best_threshold(std::move(rest))));
    }
    return out;
}

}  // namespace menshen::models
