// menshen-faces calibrate: writes the table of thresholds for one embedder.
#include <algorithm>
#include <memory>

#include "models/cache.hpp"
#include "models/faces_tool/check_table.hpp"
#include "models/faces_tool/commands.hpp"
#include "models/faces_tool/figures.hpp"
#include "models/faces_tool/folder.hpp"
#include "models/faces_tool/options.hpp"
#include "models/fit_calibration.hpp"
#include "models/preparation.hpp"

namespace menshen::models::faces_tool {
namespace {

struct CalibrateOptions : Options {
    std::string out;
    std::string source;
    std::vector<float> strangers;  ///< Ceiling, join, new.
};

/// Strangers' numbers come from another measurement (docs/face-accuracy.md): those of the table that ships stay, else they follow
/// from the false match rates.
void set_strangers(Calibration& table, const std::vector<float>& told) {
    if (told.size() == 3) {
        table.stranger_ceiling = told[0];
        table.stranger_join = told[1];
        table.stranger_new = told[2];
        return;
    }
    if (const auto shipped = calibration_of(table.model + "@" + table.weights)) {
        table.stranger_ceiling = shipped->stranger_ceiling;
        table.stranger_join = shipped->stranger_join;
        table.stranger_new = shipped->stranger_new;
        return;
    }
    table.stranger_join = table.verify(1e-5).cosine;
    table.stranger_new = table.stranger_ceiling = table.verify(1e-3).cosine;
}

/// All that can be refused before the pictures are embedded, which takes hours for thousands of persons.
Result<CalibrationPlan> plan_of(const CalibrateOptions& options) {
    const auto model = options.check();
    if (!model) return tl::unexpected(model.error());
    if (!options.out.empty())
        if (auto ok = can_write(options.out, "--out"); !ok) return tl::unexpected(ok.error());
    CalibrationPlan plan{.fusion = options.fusion_for(*model), .rounds = options.rounds, .seed = options.seed};
    plan.margin = options.margin_for(*model);
    auto listed = list_folder(options.request.images);
    if (!listed) return tl::unexpected(listed.error());
    // If every picture shows a face. With fewer faces it is asked again.
    const auto persons = listed->half(Half::fit).persons;
    const auto with_pictures = std::count_if(persons.begin(), persons.end(),
                                             [&](const PersonFaces& person) { return person.pictures.size() >= plan.pictures; });
    if (auto ok = enough_to_fit(plan, persons.size(), static_cast<std::size_t>(with_pictures)); !ok)
        return fail("{}: in the half that is fitted: {}", options.request.images, ok.error().message);
    return plan;
}

int calibrate(const CalibrateOptions& options) {
    const auto planned = plan_of(options);
    if (!planned) return complain(planned.error());
    const auto& plan = *planned;
    const auto folder = embed_folder(options.embed_request());
    if (!folder) return complain(folder.error());
    auto table = fit_calibration(folder->set.half(Half::fit), plan);
    if (!table) return complain(table.error());
    const auto at = folder->model.id.find('@');
    table->model = folder->model.id.substr(0, at);
    table->weights = folder->model.id.substr(at + 1);
    table->pipeline = folder->pipeline;
    table->preparation = preparation_of(folder->model.id);
    table->source = options.source.empty() ? fmt::format("half of {} persons", folder->set.persons.size()) : options.source;
    set_strangers(*table, options.strangers);
    const auto text = to_yaml(*table);
    Problems problems;
    if (!parse_calibration("the new table", text, problems))
        return complain({"what was measured makes no table:\n" + problems.text()});
    if (options.out.empty()) {
        fmt::print("{}", text);
    } else if (auto ok = write_file(options.out, text); !ok) {
        return complain(ok.error());
    } else {
        // What the table is worth on persons it has never seen.
        check_table("face.check", *table, folder->set.half(Half::check), plan);
    }
    return 0;
}

/// For people who read the table, on one line of it.
CLI::Validator one_line() {
    static constexpr std::size_t kMost = 500;
    return {[](const std::string& text) {
                const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
                if (text.size() <= kMost && std::none_of(text.begin(), text.end(), is_control)) return std::string();
                return fmt::format("must be one line of at most {} bytes, without control characters", kMost);
            },
            "TEXT"};
}

}  // namespace

void add_calibrate(CLI::App& app, int& status) {
    auto options = std::make_shared<CalibrateOptions>();
    auto* command = app.add_subcommand(
        "calibrate", "Write the thresholds for false match rates and gallery sizes, fitted on one half of the persons");
    // Half nearest, half mean is for measuring: no gallery compares like that, and no table may ask for it.
    options->add_to(*command, {"best", "mean", "best+mean"});
    command->add_option("--out", options->out,
                        "The table; default: standard output. With it the other half of the persons checks it");
    command->add_option("--source", options->source, "What the pictures are, in words, for the table")->check(one_line());
    command->add_option("--strangers", options->strangers, "The strangers' ceiling, join and new cosines; default: as shipped")
        ->expected(3)
        ->check(CLI::Range(-1.0F, 1.0F));
    command->callback([options, &status] { status = calibrate(*options); });
}

}  // namespace menshen::models::faces_tool
