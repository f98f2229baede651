#include "models/faces_tool/check_table.hpp"

#include <array>

#include "models/faces_tool/figures.hpp"
#include "models/verification.hpp"

namespace menshen::models::faces_tool {
namespace {

constexpr std::size_t kReplicates = 200;
constexpr double kKept = 0.03;

std::string beside(double stated, float cosine, bool measured) {
    return fmt::format(", \"stated\": {:.3g}, \"cosine\": {:.4f}, \"measured\": {}", stated, cosine, measured);
}

}  // namespace

void check_gallery(const std::string& name, const Calibration& table, const FaceSet& set, const GalleryPlan& gallery,
                   std::size_t rounds) {
    const auto replicates = person_weights(set.persons.size(), kReplicates, gallery.seed);
    const auto found = search_rounds(set, gallery, rounds);
    if (found.stranger_searches() == 0) return;
    for (const double fpir : {1e-2, 1e-3}) {
        const auto* entry = table.entry_for(gallery.persons, fpir);
        if (entry == nullptr) continue;
        const auto about = beside(fpir, entry->cosine, entry->measured) +
                           fmt::format(", \"persons_enrolled\": {}, \"stranger_persons\": {}, \"stranger_searches\": {}",
                                       gallery.persons, found.stranger_persons(), found.stranger_searches());
        const auto observed = rate_with_interval(found.strangers(), entry->cosine, replicates);
        figure(fmt::format("{}.gallery_{}.fpir_{:g}", name, gallery.persons, fpir), observed,
               about + fmt::format(", \"observed_over_stated\": {:.2f}", observed.value / fpir));
        if (found.resident_searches() == 0) continue;
        figure(fmt::format("{}.gallery_{}.tpir_at_fpir_{:g}", name, gallery.persons, fpir),
               found.tpir_at(entry->cosine, replicates),
               beside(fpir, entry->cosine, entry->measured) +
                   fmt::format(", \"taken_for_another\": {:.3g}, \"resident_persons\": {}", found.wrong_at(entry->cosine),
                               found.resident_persons()));
    }
}

void check_table(const std::string& name, const Calibration& table, const FaceSet& set, const CalibrationPlan& plan) {
    const auto replicates = person_weights(set.persons.size(), kReplicates, plan.seed);
    const auto pairs = person_scores(
        set, {.pictures = plan.pictures, .fusion = plan.fusion, .margin = plan.margin, .seed = plan.seed + 1}, kKept);
    for (const auto& entry : table.one_to_one) {
        const auto about = beside(entry.fmr, entry.cosine, entry.measured) + fmt::format(", \"persons\": {}", set.persons.size());
        const auto observed = rate_with_interval(pairs.impostors, entry.cosine, replicates);
        figure(fmt::format("{}.fmr_{:g}", name, entry.fmr), observed,
               about + fmt::format(", \"observed_over_stated\": {:.2f}", observed.value / entry.fmr));
        figure(fmt::format("{}.fnmr_at_fmr_{:g}", name, entry.fmr), fnmr_with_interval(pairs, entry.cosine, replicates), about);
    }
    GalleryPlan gallery{.pictures = plan.pictures, .fusion = plan.fusion, .margin = plan.margin, .seed = plan.seed + 1};
    for (const std::size_t persons : {10, 20, 50, 120, 240, 480}) {
        gallery.persons = persons;
        if (persons <= enrollable(set, gallery)) check_gallery(name, table, set, gallery, plan.rounds);
    }
}

}  // namespace menshen::models::faces_tool
