// menshen-faces strangers: how well strangers who come again are told from those who come once, and from residents on a bad day.
// The protocol is in docs/strangers.md.
#include <algorithm>
#include <memory>
#include <vector>

#include "models/faces_tool/commands.hpp"
#include "models/faces_tool/figures.hpp"
#include "models/faces_tool/options.hpp"
#include "models/faces_tool/street.hpp"

namespace menshen::models::faces_tool {
namespace {

// Half of the goal of one in a thousand, as those whom nothing was fitted on will be somewhat worse.
constexpr double kFalseWhenTuned = 0.5;
constexpr double kRecallForResidents = 0.02;

struct StrangersOptions : Options {
    std::string calibration;
    std::vector<float> told;  ///< Ceiling, join, new.
    std::size_t residents = 120;
    double target_fpir = kDefaultFpir;
    bool tune = false;
};

double share(std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

double false_per_1000(const StreetFigures& figures) { return 1000 * share(figures.false_alarms, figures.stranger_visits); }

Result<Calibration> table_for(const StrangersOptions& options, const ModelTag& model) {
    auto table = calibration_for(options.calibration, model.id);
    if (!table) return table;
    table->fusion = fusion_of(options.fusion).value_or(table->fusion);
    table->margin = options.margin.value_or(table->margin);
    if (options.told.size() == 3) {
        table->stranger_ceiling = options.told[0];
        table->stranger_join = options.told[1];
        table->stranger_new = options.told[2];
    }
    return table;
}

void print(const char* half, const Calibration& table, const StreetFigures& figures) {
    const auto more = fmt::format(
        ", \"half\": \"{}\", \"residents\": {}, \"ceiling\": {:.4f}, \"join\": {:.4f}, \"new\": {:.4f}, \"repeaters\": {}, "
        "\"stranger_visits\": {}",
        half, figures.residents, table.stranger_ceiling, table.stranger_join, table.stranger_new, figures.repeaters,
        figures.stranger_visits);
    figure("face.strangers.recall", share(figures.found, figures.repeaters), "share", more);
    figure("face.strangers.recall_without_merging", share(figures.found_unmerged, figures.repeaters), "share", more);
    figure("face.strangers.false_per_1000_visits", false_per_1000(figures), "alarms",
           fmt::format("{}, \"alarms\": {}, \"with_a_resident\": {}", more, figures.false_alarms, figures.false_of_resident));
    figure("face.strangers.without_identity", share(figures.no_identity, figures.stranger_visits), "share", more);
    figure("face.strangers.taken_for_resident", share(figures.taken_for_resident, figures.stranger_visits), "share", more);
    figure("face.strangers.resident_visits_as_stranger", share(figures.bad_days_as_stranger, figures.resident_visits), "share",
           fmt::format("{}, \"resident_visits\": {}, \"unrecognised\": {}", more, figures.resident_visits, figures.unrecognised));
}

struct Trial {
    float ceiling = 0, join = 0;
    double recall = 0;
};

/// Around the false match rates of the table, in eighths of the way from 1e-3 to 1e-5.
std::vector<Trial> trials(Calibration table, const FaceSet& fit, const ModelTag& model, const StreetPlan& plan) {
    const float strict = table.verify(1e-5).cosine, step = (strict - table.verify(1e-3).cosine) / 8;
    const float top = table.identify(plan.residents, plan.target_fpir).cosine;
    std::vector<Trial> out;
    for (int down = 6; down >= 0; --down) {
        for (int up = -8; up <= 2; ++up) {
            table.stranger_ceiling = top - static_cast<float>(down) * step;
            table.stranger_join = table.stranger_new = strict + static_cast<float>(up) * step;
            const auto figures = play_street(fit, model, table, plan);
            const Trial trial{table.stranger_ceiling, table.stranger_join, share(figures.found, figures.repeaters)};
            fmt::print(stderr, "ceiling {:.4f}, join {:.4f}: recall {:.4f}, {:.2f} false per 1,000 visits, residents' {:.4f}\n",
                       trial.ceiling, trial.join, trial.recall, false_per_1000(figures),
                       share(figures.bad_days_as_stranger, figures.resident_visits));
            if (false_per_1000(figures) <= kFalseWhenTuned) out.push_back(trial);
        }
    }
    return out;
}

/// The best recall that keeps the false alarms low; and of ceilings that cost next to nothing of it the lowest, since each
/// picture of a resident that becomes a stranger's is one too many.
Calibration tuned(Calibration table, const std::vector<Trial>& kept) {
    double most = 0;
    for (const auto& trial : kept) most = std::max(most, trial.recall);
    for (const auto& trial : kept) {  // The lowest ceilings come first.
        if (trial.recall < most - kRecallForResidents) continue;
        table.stranger_ceiling = trial.ceiling;
        table.stranger_join = table.stranger_new = trial.join;
        break;
    }
    return table;
}

int measure(const StrangersOptions& options) {
    const auto model = options.check();
    if (!model) return complain(model.error());
    auto table = table_for(options, *model);
    if (!table) return complain(table.error());
    const auto folder = embed_folder(options.embed_request());
    if (!folder) return complain(folder.error());
    const StreetPlan plan{
        .residents = options.residents, .rounds = options.rounds, .seed = options.seed, .target_fpir = options.target_fpir};
    const auto fit = folder->set.half(Half::fit), check = folder->set.half(Half::check);
    if (options.tune) *table = tuned(*table, trials(*table, fit, folder->model, plan));
    print("fit", *table, play_street(fit, folder->model, *table, plan));
    print("check", *table, play_street(check, folder->model, *table, plan));
    return 0;
}

}  // namespace

void add_strangers(CLI::App& app, int& status) {
    auto options = std::make_shared<StrangersOptions>();
    auto* command = app.add_subcommand("strangers", "How well a stranger who comes three days running is told from others");
    options->add_to(*command, {"best", "mean", "best+mean"});
    command->add_option("--calibration", options->calibration, "The table of thresholds; default: the model's that ships");
    command->add_option("--strangers", options->told, "The strangers' ceiling, join and new cosines; default: the table's")
        ->expected(3)
        ->check(CLI::Range(-1.0F, 1.0F));
    command->add_option("--residents", options->residents, "Enrolled in a round")->capture_default_str();
    command->add_option("--fpir", options->target_fpir, "Of the gallery")->check(CLI::Range(1e-6, 1.0))->capture_default_str();
    command->add_flag("--tune", options->tune, "Choose the strangers' cosines on the fit half first");
    command->callback([options, &status] { status = measure(*options); });
}

}  // namespace menshen::models::faces_tool
