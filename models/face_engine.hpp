#pragma once
/// The face room as the daemon's vision worker sees it. No heavy header comes with this one: the engine itself sits in
/// libmenshen_vision.so, loaded by models/load_face_engine.hpp when a camera is configured, so that a gate without one does not
/// pay for OpenCV and dlib in memory.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/frame.hpp"
#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "models/face_points.hpp"
#include "models/gallery.hpp"
#include "models/strangers.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// `best`: RFB-320 when its file is in the cache, else dlib's HOG.
enum class DetectorChoice : std::uint8_t { best, hog };

struct FaceSettings {
    std::string models_dir;  ///< The cache that `menshen-models fetch` filled; empty: models_dir() of models/cache.hpp.
    int threads = 1;         ///< Of OpenCV; 1 leaves the other cores to the door. 1 to 8.
    RandomBits random;       ///< For strangers' ids; empty: the kernel's.
    DetectorChoice detector = DetectorChoice::best;
    std::string embedder = {};               ///< By the manifest's name; empty: the manifest's first.
    std::vector<std::string> accepted = {};  ///< Models whose notice the operator accepted, by name; others with one stay shut.
};

/// What one frame showed: event.hpp's FaceSeen without the device, and what changed about strangers.
struct FrameResult {
    PersonId person;  ///< At most one of `person` and `stranger` is set.
    StrangerId stranger;
    bool new_stranger = false;
    std::uint32_t score_permille = 0;  ///< Cosine to the best person, times 1000; 0 when nobody is enrolled or it is negative.
    std::string advice;                ///< Why there is neither: "no face", "come closer", "hold still", "face the camera".
    int faces = 0;                     ///< Seen in the frame; the largest was taken.
    Box box;                           ///< Of the face that was taken.
    std::uint32_t quality_permille = 0;
    std::optional<StrangerIdentity> changed;  ///< To be sealed and kept.
    std::vector<StrangerId> dropped;          ///< To be erased.
};

enum class StrangersWanted : std::uint8_t { no, yes };

/// The whole pipeline with its gallery and its strangers. Owned and called by one thread, the vision worker's; every call may
/// take tens of milliseconds (enroll some hundred) and none of them throws.
class FaceEngine {
public:
    virtual ~FaceEngine() = default;

    /// The model that makes the templates now.
    [[nodiscard]] virtual ModelTag model() const = 0;

    /// The template of the one face in a JPEG or PNG file. Refuses, saying what to do: a file that cannot be read, no face, more
    /// than one, a face that is too small or too blurred.
    [[nodiscard]] virtual Result<Template> enroll(std::span<const std::uint8_t> photo) = 0;

    /// Who is to be seen. With `yes` a usable face that is near to nobody gets a stranger's identity; with `no` it is dropped.
    /// Fails only when the frame cannot be read.
    [[nodiscard]] virtual Result<FrameResult> look(const Frame& frame, WallTime now, StrangersWanted strangers) = 0;

    /// Replaces the gallery; see Gallery::set. Returns who has to be enrolled again, because their templates are another model's.
    [[nodiscard]] virtual Result<std::vector<PersonId>> set_gallery(std::vector<Enrolled> enrolled) = 0;

    /// Strangers as they stand; see Strangers.
    [[nodiscard]] virtual std::vector<StrangerIdentity> strangers() const = 0;
    [[nodiscard]] virtual std::vector<StrangerId> restore_strangers(std::vector<StrangerIdentity> identities) = 0;
    [[nodiscard]] virtual std::vector<StrangerId> expire_strangers(WallTime now) = 0;
    [[nodiscard]] virtual bool forget_stranger(const StrangerId& id) = 0;

    /// "OpenCV 4.6.0 (1 thread), dlib 19.24.0, ...": for `doctor` and the log.
    [[nodiscard]] virtual std::string describe() const = 0;
};

/// Opens the engine in this process. Defined in libmenshen_vision (and the static menshen_models); the daemon calls
/// load_face_engine() instead. A model file that is missing or whose hash is wrong is refused by name with both hashes.
[[nodiscard]] Result<std::unique_ptr<FaceEngine>> open_face_engine(FaceSettings settings);

/// Raised whenever anything in this header or those it includes changes, so that a daemon and a library of different builds
/// refuse each other instead of crashing.
inline constexpr unsigned kFaceEngineInterface = 2;

}  // namespace menshen::models
