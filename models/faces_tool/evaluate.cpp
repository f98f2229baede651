// menshen-faces evaluate: the figures of docs/face-accuracy.md on any folder with one folder a person.
#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "models/faces_tool/check_table.hpp"
#include "models/faces_tool/commands.hpp"
#include "models/faces_tool/figures.hpp"
#include "models/faces_tool/options.hpp"
#include "models/fit_calibration.hpp"
#include "models/verification.hpp"

namespace menshen::models::faces_tool {
namespace {

constexpr std::size_t kReplicates = 200;
constexpr std::size_t kPairsPerFold = 300;  // As LFW's own protocol: 3,000 pairs of each kind.
constexpr std::array<std::size_t, 4> kGalleries = {480, 240, 120, 60};

struct EvaluateOptions : Options {
    std::string calibration;
    bool compare = false;
    std::size_t persons = 0;
};

/// A threshold, and what it costs on one set.
using Replicates = std::vector<std::vector<float>>;

void print_set(const EmbeddedFolder& folder, double seconds) {
    const auto pictures = folder.set.pictures(), found = folder.set.acquired();
    figure("face.set.persons", static_cast<double>(folder.set.persons.size()), "persons");
    figure("face.set.pictures", static_cast<double>(pictures), "pictures");
    figure("face.failure_to_acquire", wilson(pictures - found, pictures),
           fmt::format(", \"pictures\": {}, \"unreadable\": {}", pictures - found, folder.unreadable));
    if (const auto embedded = pictures - folder.from_cache; embedded > 0)
        figure("face.set.embed_rate", static_cast<double>(embedded) / seconds, "pictures/s");
}

void print_fnmr(const std::string& name, const PairScores& pairs, const Replicates& replicates) {
    if (pairs.genuine.empty() || pairs.impostor_pairs == 0) return;
    for (const double fmr : {1e-3, 1e-4, 1e-5}) {
        const float threshold = threshold_at(pairs.impostors, fmr);
        figure(fmt::format("{}.fnmr_at_fmr_{:g}", name, fmr), fnmr_with_interval(pairs, threshold, replicates),
               fmt::format(", \"cosine\": {:.4f}, \"by_person\": {:.4f}, \"genuine_pairs\": {}, \"impostor_pairs\": {}, "
                           "\"persons\": {}, \"measured\": {}",
                           threshold, fnmr_by_person_at(pairs, threshold), pairs.genuine.size(), pairs.impostor_pairs,
                           replicates.front().size(), fmr * static_cast<double>(pairs.impostor_pairs) >= kMinPairsInError));
    }
}

void print_pairs(const FaceSet& set, const GalleryPlan& plan) {
    const auto seed = plan.seed;
    const auto folds = ten_folds(set, kPairsPerFold, seed);
    if (!folds.accuracies.empty())
        figure("face.verify.accuracy_10fold", folds.mean(), "share",
               fmt::format(", \"standard_error\": {:.4f}, \"pairs\": {}", folds.standard_error(), folds.pairs));
    const auto replicates = person_weights(set.persons.size(), kReplicates, seed);
    print_fnmr("face.verify", all_pairs(set, 0.01), replicates);
    // A picture against a whole enrolment, as at a door with a card.
    print_fnmr("face.verify.enrolled", person_scores(set, plan, 0.01), replicates);
}

/// Strangers of one half choose the threshold, those of the other say what it is worth.
SearchResults strangers_of(const FaceSet& set, const GalleryPlan& plan, std::size_t rounds, Half half) {
    SearchResults out(set.persons.size(), plan.margin);
    for (std::size_t round = 0; round < rounds; ++round) {
        auto searches = search_round(set, plan, round);
        std::erase_if(searches.strangers, [&](const Search& one) { return half_of(set.persons[one.person].name) != half; });
        out.add(searches);
    }
    out.finish();
    return out;
}

/// TPIR at each FPIR when the threshold is read off all strangers: the usual curve.
void print_gallery(const std::string& name, const FaceSet& set, const GalleryPlan& plan, std::size_t rounds) {
    const auto found = search_rounds(set, plan, rounds);
    if (found.stranger_searches() == 0 || found.resident_searches() == 0) return;
    const auto replicates = person_weights(set.persons.size(), kReplicates, plan.seed);
    for (const double fpir : {1e-2, 1e-3}) {
        const float threshold = threshold_at(found.strangers(), fpir);
        figure(fmt::format("{}.tpir_at_fpir_{:g}", name, fpir), found.tpir_at(threshold, replicates),
               fmt::format(", \"cosine\": {:.4f}, \"persons_enrolled\": {}, \"pictures_each\": {}, \"resident_searches\": {}, "
                           "\"resident_persons\": {}, \"stranger_searches\": {}, \"stranger_persons\": {}, \"rounds\": {}, "
                           "\"taken_for_another\": {:.3g}, \"measured\": {}",
                           threshold, plan.persons, plan.pictures, found.resident_searches(), found.resident_persons(),
                           found.stranger_searches(), found.stranger_persons(), rounds, found.wrong_at(threshold),
                           fpir * static_cast<double>(found.stranger_persons()) >= kMinStrangersInError));
    }
}

void print_unseen_strangers(const FaceSet& set, const GalleryPlan& plan, std::size_t rounds) {
    // Other galleries, too: a threshold must not be judged on the very templates it was chosen with.
    auto others = plan;
    others.seed = plan.seed + 1;
    const auto fit = strangers_of(set, plan, rounds, Half::fit), check = strangers_of(set, others, rounds, Half::check);
    if (fit.stranger_searches() == 0 || check.stranger_searches() == 0) return;
    const auto replicates = person_weights(set.persons.size(), kReplicates, plan.seed);
    const std::vector<double> fpirs = {1e-2, 1e-3};
    const auto thresholds = held_thresholds(fit.strangers(), fpirs, replicates);
    for (std::size_t i = 0; i < fpirs.size(); ++i) {
        const auto observed = rate_with_interval(check.strangers(), thresholds[i], replicates);
        const auto tpir = check.tpir_at(thresholds[i], replicates);
        figure(fmt::format("face.identify.unseen_strangers.fpir_{:g}", fpirs[i]), observed,
               fmt::format(", \"stated\": {:g}, \"observed_over_stated\": {:.2f}, \"tpir\": {:.4f}, \"cosine\": {:.4f}, "
                           "\"persons_enrolled\": {}, \"stranger_persons\": {}, \"measured\": {}",
                           fpirs[i], observed.value / fpirs[i], tpir.value, thresholds[i], plan.persons, check.stranger_persons(),
                           fpirs[i] * static_cast<double>(std::min(fit.stranger_persons(), check.stranger_persons())) >=
                               kMinStrangersInError));
    }
}

Result<std::optional<Calibration>> table_for(const EvaluateOptions& options, const ModelTag& model) {
    if (options.calibration.empty()) return calibration_of(model.id);
    return calibration_for(options.calibration, model.id);
}

/// A calibration of its own from one half, judged by the other: what `calibrate` would give somebody with these pictures.
void print_halves(const FaceSet& set, const CalibrationPlan& plan) {
    const auto table = fit_calibration(set.half(Half::fit), plan);
    if (!table) {
        fmt::print(stderr, "halves: {}\n", table.error().message);
        return;
    }
    check_table("face.halves", *table, set.half(Half::check), plan);
}

std::size_t largest_gallery(const FaceSet& set, const GalleryPlan& plan, std::size_t wanted) {
    const auto most = enrollable(set, plan);
    if (wanted != 0) return std::min(wanted, most);
    for (const auto size : kGalleries)
        if (size <= most) return size;
    return most;
}

/// The same gallery in every way of fusing the enrolment, one thing changed at a time.
void print_comparison(const FaceSet& set, const GalleryPlan& plan, std::size_t rounds) {
    for (const auto fusion : {Fusion::best, Fusion::mean, Fusion::best_and_mean, Fusion::average}) {
        auto other = plan;
        other.fusion = fusion;
        print_gallery(fmt::format("face.compare.fusion_{}", name_of(fusion)), set, other, rounds);
        other.weighted = true;
        print_gallery(fmt::format("face.compare.fusion_{}.by_quality", name_of(fusion)), set, other, rounds);
    }
    for (const float margin : {0.0F, 0.01F, 0.02F, 0.03F, 0.05F, 0.1F}) {
        auto other = plan;
        other.margin = margin;
        print_gallery(fmt::format("face.compare.margin_{:g}", margin), set, other, rounds);
    }
    for (const std::size_t pictures : {1, 2}) {
        auto other = plan;
        other.pictures = pictures;
        print_gallery(fmt::format("face.compare.enrolled_from_{}", pictures), set, other, rounds);
    }
}

int evaluate(const EvaluateOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    const auto model = options.check();
    if (!model) return complain(model.error());
    const auto table = table_for(options, *model);
    if (!table) return complain(table.error());
    const auto folder = embed_folder(options.embed_request());
    if (!folder) return complain(folder.error());
    const auto& set = folder->set;
    fmt::print(stderr, "{}\n", folder->pipeline);
    print_set(*folder, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());

    // A table is judged in the way it was made for; an option tries another.
    GalleryPlan gallery{
        .fusion = options.fusion_for(folder->model), .margin = options.margin_for(folder->model), .seed = options.seed};
    if (*table && options.fusion.empty()) gallery.fusion = (*table)->fusion;
    if (*table && !options.margin) gallery.margin = (*table)->margin;
    gallery.persons = largest_gallery(set, gallery, options.persons);
    print_pairs(set, gallery);
    if (gallery.persons < 2)
        return complain(
            {fmt::format("{}: fewer than 2 persons have 4 pictures; no gallery can be made", options.request.images)});
    print_gallery("face.identify", set, gallery, options.rounds);
    print_unseen_strangers(set, gallery, options.rounds);
    // Different photographs of a person differ more than the frames of one walk-up: an upper bound of what voting brings there.
    auto votes = gallery;
    votes.votes = 3;
    print_gallery("face.identify.upper_bound_3_votes", set, votes, options.rounds);
    if (options.compare) print_comparison(set, gallery, options.rounds);

    CalibrationPlan plan{.fusion = gallery.fusion, .margin = gallery.margin, .rounds = options.rounds, .seed = options.seed};
    if (*table) check_table("face.table", **table, set, plan);
    print_halves(set, plan);
    return 0;
}

}  // namespace

void add_evaluate(CLI::App& app, int& status) {
    auto options = std::make_shared<EvaluateOptions>();
    auto* command = app.add_subcommand("evaluate", "Print how well faces are told apart, one JSON object a line");
    options->add_to(*command, {"best", "mean", "best+mean", "average"});
    command->add_option("--calibration", options->calibration, "Judge this table; default: the one that ships for the model");
    command->add_option("--persons", options->persons, "Enrol so many; default: 480, 240, 120 or 60, as the folder allows");
    command->add_flag("--compare", options->compare, "Also other ways to fuse the enrolment, margins and fewer pictures");
    command->callback([options, &status] { status = evaluate(*options); });
}

}  // namespace menshen::models::faces_tool
