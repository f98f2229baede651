#pragma once
/// What a table of thresholds does on persons it was not fitted on.

#include <string>

#include "models/fit_calibration.hpp"

namespace menshen::models::faces_tool {

/// For every 1:1 target and every gallery that can be drawn from `set` the observed rates beside the stated ones, as figures
/// whose names begin with `name`. Observed over stated is to be 2 at most.
void check_table(const std::string& name, const Calibration& table, const FaceSet& set, const CalibrationPlan& plan);

/// One gallery of it: `persons` enrolled, the threshold of the table for that many.
void check_gallery(const std::string& name, const Calibration& table, const FaceSet& set, const GalleryPlan& gallery,
                   std::size_t rounds);

}  // namespace menshen::models::faces_tool
