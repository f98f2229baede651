#pragma once
/// What a table of thresholds means for one house: whether a face alone may open, and how often it errs, in numbers and in words.
/// Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/calibration.hpp"

namespace menshen::models {

struct FaceReportRequest {
    std::size_t persons = 0;            ///< Enrolled with this model.
    double target_fpir = kDefaultFpir;  ///< Of strangers, so many may be taken for somebody.
    double target_fmr = kDefaultFmr;    ///< Of other people's faces, so many may pass with a card.
};

/// Why a face alone may open, or may not.
enum class FaceAlone : std::uint8_t {
    may_open,      ///< The target was measured for a gallery at least as large.
    extrapolated,  ///< The table goes so far, the measurement behind it does not: it greets.
    beyond_table,  ///< No threshold at all: it recognises nobody.
    nobody,        ///< Nobody is enrolled.
};

struct FaceReport {
    FaceAlone alone = FaceAlone::nobody;
    std::string model;
    FaceReportRequest asked;

    /// 1:N. Nothing where the table has no entry.
    std::optional<float> cosine;
    std::size_t for_persons = 0;             ///< The gallery of the table that was taken: the next larger.
    std::optional<Rate> strangers_per_1000;  ///< Taken for somebody, of 1,000.
    std::optional<Rate> refused_per_1000;    ///< Residents not recognised in a single picture, of 1,000; when it was measured.
    std::size_t behind = 0;                  ///< Persons the numbers rest on.
    /// The strictest target that was measured for so many persons, when there is one.
    std::optional<double> strictest_measured_fpir;
    /// The largest gallery for which the target asked for was measured; 0 when none was.
    std::size_t largest_measured_gallery = 0;

    /// 1:1, card and face.
    std::optional<float> card_cosine;
    bool card_extrapolated = true;
    std::optional<Rate> others_per_million;       ///< Of other people's faces with this card.
    std::optional<Rate> owners_refused_per_1000;  ///< Of the owners' faces, in a single picture.

    /// The same as sentences, one a line; nothing to look up.
    std::vector<std::string> zh;
    std::vector<std::string> en;
};

[[nodiscard]] FaceReport face_report(const Calibration& calibration, const FaceReportRequest& request);

}  // namespace menshen::models
