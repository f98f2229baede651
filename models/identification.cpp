#include "models/identification.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>

#include "models/seeded.hpp"

namespace menshen::models {
namespace {

/// A person as the gallery knows them.
struct Enrolment {
    std::uint32_t person = 0;
    std::vector<const std::vector<float>*> rows;
    std::vector<float> mean;

    [[nodiscard]] float score(const std::vector<float>& face, Fusion fusion) const {
        float best = -1;
        if (fusion != Fusion::mean)
            for (const auto* row : rows) best = std::max(best, cosine_of(*row, face));
        if (fusion == Fusion::best) return best;
        const float to_mean = cosine_of(mean, face);
        return fusion == Fusion::average ? (best + to_mean) / 2 : std::max(best, to_mean);
    }
};

/// A person's pictures in the order of this round: the first `pictures` that show a face are enrolled, the others knock.
struct Drawn {
    Enrolment enrolment;
    std::vector<const PictureFace*> others;
};

Drawn draw(const PersonFaces& person, std::uint32_t index, const GalleryPlan& plan, Seeded& random) {
    std::vector<const PictureFace*> pictures;
    for (const auto& one : person.pictures) pictures.push_back(&one);
    random.shuffle(pictures);
    Drawn out;
    out.enrolment.person = index;
    std::vector<float> weights;
    for (const auto* picture : pictures) {
        if (!picture->acquired() || out.enrolment.rows.size() == plan.pictures) {
            out.others.push_back(picture);
            continue;
        }
        out.enrolment.rows.push_back(&picture->values);
        if (plan.weighted) weights.push_back(std::max(0.05F, picture->quality));
    }
    out.enrolment.mean = mean_of(out.enrolment.rows, weights);
    return out;
}

std::vector<std::uint32_t> who_can_enrol(const FaceSet& set, const GalleryPlan& plan) {
    std::vector<std::uint32_t> out;
    for (std::size_t p = 0; p < set.persons.size(); ++p)
        if (set.persons[p].acquired() >= plan.pictures && (!plan.with_probes || set.persons[p].pictures.size() > plan.pictures))
            out.push_back(static_cast<std::uint32_t>(p));
    return out;
}

/// Pictures that knock together: one search. The scores of each enrolled person are averaged over the pictures.
Search search(const std::vector<Enrolment>& gallery, std::span<const PictureFace* const> pictures, const GalleryPlan& plan) {
    Search out;
    float second = -1;
    for (const auto& enrolment : gallery) {
        float sum = 0, weight = 0;
        for (const auto* picture : pictures) {
            const float vote = plan.weighted ? std::max(0.05F, picture->quality) : 1.0F;
            sum += vote * enrolment.score(picture->values, plan.fusion);
            weight += vote;
        }
        const float score = sum / weight;
        if (score > out.score) {
            second = out.score;
            out.score = score;
            out.best = enrolment.person;
        } else {
            second = std::max(second, score);
        }
    }
    out.lead = out.score - second;
    return out;
}

/// A person comes to the door with their pictures, `votes` at a time.
void knock(const std::vector<Enrolment>& gallery, std::uint32_t person, std::span<const PictureFace* const> pictures,
           const GalleryPlan& plan, std::vector<Search>& out) {
    for (std::size_t i = 0; i < pictures.size(); i += plan.votes) {
        auto found = search(gallery, pictures.subspan(i, std::min(plan.votes, pictures.size() - i)), plan);
        found.person = person;
        out.push_back(found);
    }
}

std::size_t count_from(const std::vector<HighScore>& descending, float threshold) {
    const auto end =
        std::partition_point(descending.begin(), descending.end(), [&](const auto& one) { return one.score >= threshold; });
    return static_cast<std::size_t>(end - descending.begin());
}

std::size_t persons_in(const std::vector<double>& counts) {
    return static_cast<std::size_t>(std::count_if(counts.begin(), counts.end(), [](double count) { return count > 0; }));
}

}  // namespace

std::size_t enrollable(const FaceSet& set, const GalleryPlan& plan) { return who_can_enrol(set, plan).size(); }

Searches search_round(const FaceSet& set, const GalleryPlan& plan, std::size_t round) {
    Seeded random(plan.seed * 1'000'003 + round);
    auto order = who_can_enrol(set, plan);
    random.shuffle(order);
    order.resize(std::min(order.size(), plan.persons));
    std::vector<bool> is_enrolled(set.persons.size());
    std::vector<Enrolment> gallery;
    std::vector<Drawn> drawn;
    for (const auto person : order) {
        is_enrolled[person] = true;
        drawn.push_back(draw(set.persons[person], person, plan, random));
        gallery.push_back(drawn.back().enrolment);
    }
    Searches out;
    for (const auto& one : drawn) {
        std::vector<const PictureFace*> seen;
        for (const auto* picture : one.others) {
            if (picture->acquired())
                seen.push_back(picture);
            else
                out.missed.push_back(one.enrolment.person);
        }
        knock(gallery, one.enrolment.person, seen, plan, out.residents);
    }
    for (std::size_t p = 0; p < set.persons.size(); ++p) {
        if (is_enrolled[p]) continue;
        std::vector<const PictureFace*> seen;
        for (const auto& picture : set.persons[p].pictures)
            if (picture.acquired()) seen.push_back(&picture);
        knock(gallery, static_cast<std::uint32_t>(p), seen, plan, out.strangers);
    }
    return out;
}

void SearchResults::add(const Searches& searches) {
    for (const auto& one : searches.strangers) {
        tail_.probes[one.person] += 1;
        if (one.lead >= margin_) tail_.high.push_back({one.score, one.person, one.best});
    }
    for (const auto& one : searches.residents) {
        resident_counts_[one.person] += 1;
        if (one.lead < margin_) continue;
        (one.best == one.person ? right_ : wrong_).push_back({one.score, one.person, one.best});
    }
    for (const auto person : searches.missed) resident_counts_[person] += 1;
}

void SearchResults::finish() {
    const auto is_higher = [](const HighScore& a, const HighScore& b) {
        return std::tie(b.score, a.probe, a.target) < std::tie(a.score, b.probe, b.target);
    };
    std::sort(tail_.high.begin(), tail_.high.end(), is_higher);
    std::sort(right_.begin(), right_.end(), is_higher);
    std::sort(wrong_.begin(), wrong_.end(), is_higher);
    stranger_counts_ = tail_.probes;
}

Rate SearchResults::tpir_at(float threshold, const std::vector<std::vector<float>>& replicates) const {
    const auto right = count_from(right_, threshold);
    const double all = std::accumulate(resident_counts_.begin(), resident_counts_.end(), 0.0);
    if (all == 0) return {0, 0, 1};
    std::vector<double> by_person(resident_counts_.size());
    for (std::size_t i = 0; i < right; ++i) by_person[right_[i].probe] += 1;
    std::vector<double> rates;
    for (const auto& weights : replicates) {
        const double of = std::inner_product(resident_counts_.begin(), resident_counts_.end(), weights.begin(), 0.0);
        if (of > 0) rates.push_back(std::inner_product(by_person.begin(), by_person.end(), weights.begin(), 0.0) / of);
    }
    return with_replicates(static_cast<double>(right) / all, rates);
}

double SearchResults::wrong_at(float threshold) const {
    const auto all = resident_searches();
    return all == 0 ? 0 : static_cast<double>(count_from(wrong_, threshold)) / static_cast<double>(all);
}

std::size_t SearchResults::stranger_persons() const { return persons_in(stranger_counts_); }
std::size_t SearchResults::resident_persons() const { return persons_in(resident_counts_); }
std::size_t SearchResults::resident_searches() const {
    return static_cast<std::size_t>(std::accumulate(resident_counts_.begin(), resident_counts_.end(), 0.0));
}
std::size_t SearchResults::stranger_searches() const {
    return static_cast<std::size_t>(std::accumulate(tail_.probes.begin(), tail_.probes.end(), 0.0));
}

PairScores person_scores(const FaceSet& set, const GalleryPlan& plan, double keep) {
    Seeded random(plan.seed);
    auto all = plan;
    all.with_probes = false;
    const auto who = who_can_enrol(set, all);
    PairScores out;
    out.genuine_of.resize(set.persons.size());
    std::vector<double> targets(set.persons.size()), probes(set.persons.size());
    for (std::size_t p = 0; p < set.persons.size(); ++p) probes[p] = static_cast<double>(set.persons[p].acquired());
    TailCollector tail(1000 + static_cast<std::size_t>(keep * static_cast<double>(who.size() * set.acquired())));
    for (const auto person : who) {
        const auto drawn = draw(set.persons[person], person, all, random);
        targets[person] = 1;
        for (const auto* picture : drawn.others) {
            if (!picture->acquired()) continue;
            out.genuine.push_back({drawn.enrolment.score(picture->values, plan.fusion), person, person});
            out.genuine_of[person] += 1;
        }
        for (std::size_t p = 0; p < set.persons.size(); ++p)
            for (const auto& picture : set.persons[p].pictures)
                if (p != person && picture.acquired())
                    tail.add({drawn.enrolment.score(picture.values, plan.fusion), static_cast<std::uint32_t>(p), person});
    }
    out.impostors = tail.take();
    out.impostors.probes = std::move(probes);
    out.impostors.targets = std::move(targets);
    out.impostor_pairs = static_cast<std::size_t>(out.impostors.comparisons());
    std::sort(out.genuine.begin(), out.genuine.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
    return out;
}

}  // namespace menshen::models
