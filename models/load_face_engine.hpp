#pragma once
/// Loads libmenshen_vision.so when it is first needed. This target is light: neither OpenCV nor dlib is linked by it.

#include <memory>
#include <string>

#include "core/result.hpp"
#include "models/face_engine.hpp"

namespace menshen::models {

/// Looks for libmenshen_vision.so beside the running executable, then in ../lib/menshen from there, and opens an engine from it.
/// Takes up to a second (loading and hashing); call it on the vision thread. The library stays loaded for good. Errors name the
/// places that were looked at, or the model file that is missing or wrong.
[[nodiscard]] Result<std::unique_ptr<FaceEngine>> load_face_engine(FaceSettings settings);

/// The same with the library's path given.
[[nodiscard]] Result<std::unique_ptr<FaceEngine>> load_face_engine_from(const std::string& library, FaceSettings settings);

}  // namespace menshen::models
