#pragma once
/// Runs a TensorFlow Lite network in plain loops, as its operators are defined, on its own layout (rows, columns, channels). It
/// shares nothing with the product's way from file to result but the reader.

#include <span>
#include <vector>

#include "models/tflite_file.hpp"

namespace menshen::models::test {

/// The output for one input, rows x columns x channels. A batch in the file is taken as one.
[[nodiscard]] std::vector<float> run_reference(const TfliteFile& file, std::span<const float> input);

}  // namespace menshen::models::test
