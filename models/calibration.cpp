#include "models/calibration.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <span>

#include "models/cache.hpp"
#include "models/preparation.hpp"

namespace menshen::models {

/// One compiled-in file.
struct CalibrationText {
    const char* file;
    const char* text;
};
extern const CalibrationText kCalibrationTexts[];
extern const std::size_t kCalibrationCount;

namespace {

/// 0.001 written as 1e-3 and as 0.001 may differ in the last bit.
constexpr double kSlack = 1 + 1e-9;
constexpr std::size_t kMostBytes = 1u << 20;  // Of a site's file; the shipped ones have 13 KB.

const std::vector<Calibration>& shipped() {
    static const std::vector<Calibration> all = [] {
        std::vector<Calibration> out;
        Problems problems;
        for (const auto& [file, text] : std::span(kCalibrationTexts, kCalibrationCount))
            if (auto one = parse_calibration(file, text, problems)) out.push_back(std::move(*one));
        if (problems.has_errors()) {
            // Only a broken build comes here; a test keeps it from being shipped.
            std::cerr << "menshen: a calibration that was compiled in is wrong:\n" << problems.text();
            std::abort();
        }
        return out;
    }();
    return all;
}

}  // namespace

const Calibration::OneToMany* Calibration::entry_for(std::size_t count, double target_fpir) const {
    for (const auto& entry : one_to_many)
        if (entry.persons >= count && entry.fpir <= target_fpir * kSlack) return &entry;
    return nullptr;
}

const Calibration::OneToOne* Calibration::entry_for(double target_fmr) const {
    for (const auto& entry : one_to_one)
        if (entry.fmr <= target_fmr * kSlack) return &entry;
    return nullptr;
}

Threshold Calibration::identify(std::size_t count, double target_fpir) const {
    const auto* entry = entry_for(count, target_fpir);
    return entry == nullptr ? Threshold{} : Threshold{entry->cosine, !entry->measured};
}

Threshold Calibration::verify(double target_fmr) const {
    const auto* entry = entry_for(target_fmr);
    return entry == nullptr ? Threshold{} : Threshold{entry->cosine, !entry->measured};
}

std::optional<Calibration> calibration_of(std::string_view model) {
    const auto at = model.find('@');
    const auto name = model.substr(0, at);
    for (const auto& one : shipped())
        if (one.model == name && (at == std::string_view::npos || model.substr(at + 1) == one.weights)) return one;
    return std::nullopt;
}

Result<Calibration> calibration_for(const std::string& file, const std::string& model) {
    std::optional<Calibration> table;
    if (file.empty()) {
        table = calibration_of(model);
        if (!table) return fail("the model {} was never calibrated: it must not decide who comes in", model);
    } else {
        const auto text = read_file(file, kMostBytes);
        if (!text) return tl::unexpected(text.error());
        Problems problems;
        table = parse_calibration(file, *text, problems);
        if (!table) return fail("{}", problems.text());
    }
    const std::string_view place = file.empty() ? "the table that ships" : std::string_view(file);
    if (model != table->model + "@" + table->weights)
        return fail("{}: model: the table is of {}@{}, and the embedder is {}; make one with: menshen face calibrate", place,
                    table->model, table->weights, model);
    if (const auto ours = preparation_of(model); table->preparation != ours)
        return fail(
            "{}: preparation: the thresholds were measured on faces prepared as \"{}\", and this gate prepares them as \"{}\": "
            "they do not hold here; make a new table with: menshen face calibrate",
            place, table->preparation, ours);
    return std::move(*table);
}

}  // namespace menshen::models
