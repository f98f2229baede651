#include "models/load_face_engine.hpp"

#include <dlfcn.h>

#include <array>
#include <filesystem>

namespace menshen::models {
namespace {

/// The one symbol of libmenshen_vision.so; see vision_module.cpp.
using OpenEngine = FaceEngine* (*)(unsigned interface_version, const FaceSettings& settings, std::string& error);

constexpr const char* kLibrary = "libmenshen_vision.so";

}  // namespace

Result<std::unique_ptr<FaceEngine>> load_face_engine_from(const std::string& library, FaceSettings settings) {
    // RTLD_LOCAL: what the library brings along (core, fmt, OpenCV) stays its own. It is never closed: OpenCV and TBB leave
    // threads and thread-local state behind.
    void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        return fail("the vision library cannot be loaded: {}; install menshen's vision packages", why != nullptr ? why : library);
    }
    const auto open = reinterpret_cast<OpenEngine>(::dlsym(handle, "menshen_open_face_engine"));
    if (open == nullptr) return fail("{} is not menshen's vision library; install the one of this version", library);
    std::string error;
    FaceEngine* engine = open(kFaceEngineInterface, settings, error);
    if (engine == nullptr) return fail("{}", error);
    return std::unique_ptr<FaceEngine>(engine);
}

Result<std::unique_ptr<FaceEngine>> load_face_engine(FaceSettings settings) {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    const std::array<std::filesystem::path, 2> places = {program / kLibrary,
                                                         program.parent_path() / "lib" / "menshen" / kLibrary};
    for (const auto& place : places)
        if (std::filesystem::exists(place, error)) return load_face_engine_from(place.string(), std::move(settings));
    return fail("{} was looked for at {} and at {} and is at neither; install it, or configure no camera", kLibrary,
                places[0].string(), places[1].string());
}

}  // namespace menshen::models
