// The face of libmenshen_vision.so: one C symbol, so that loading it needs no mangled names.
#include "models/face_engine.hpp"

extern "C" __attribute__((visibility("default"))) menshen::models::FaceEngine* menshen_open_face_engine(
    unsigned interface_version, const menshen::models::FaceSettings& settings, std::string& error);

extern "C" menshen::models::FaceEngine* menshen_open_face_engine(unsigned interface_version,
                                                                 const menshen::models::FaceSettings& settings,
                                                                 std::string& error) {
    using menshen::models::kFaceEngineInterface;
    if (interface_version != kFaceEngineInterface) {
        error = fmt::format("the vision library has interface {}, the program wants {}; install both from one version",
                            kFaceEngineInterface, interface_version);
        return nullptr;
    }
    auto engine = menshen::models::open_face_engine(settings);
    if (!engine) {
        error = engine.error().message;
        return nullptr;
    }
    return engine->release();
}
