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

#include "core/face_question.hpp"
#include "core/frame.hpp"
#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "models/enrolment.hpp"
#include "models/face_points.hpp"
#include "models/face_report.hpp"
#include "models/gallery.hpp"
#include "models/liveness.hpp"
#include "models/strangers.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// `best`: RFB-320 when its file is in the cache, else dlib's HOG.
enum class DetectorChoice : std::uint8_t { best, hog };

/// `when_moving`: a frame in which nothing moved is passed over, but never for longer than a second (models/motion_gate.hpp).
enum class LookAt : std::uint8_t { when_moving, every_frame };

struct FaceSettings {
    std::string models_dir;  ///< The cache that `menshen-models fetch` filled; empty: models_dir() of models/cache.hpp.
    int threads = 1;         ///< Of OpenCV; 1 leaves the other cores to the door. 1 to 8.
    RandomBits random;       ///< For strangers' ids; empty: the kernel's.
    DetectorChoice detector = DetectorChoice::best;
    std::string embedder = {};               ///< By the manifest's name; empty: the manifest's first.
    std::vector<std::string> accepted = {};  ///< Models whose notice the operator accepted, by name; others with one stay shut.
    GallerySettings target = {};
    Liveness liveness = Liveness::refuse;
    std::string calibration = {};  ///< A site's own table; empty: the shipped one.
    LookAt look_at = LookAt::when_moving;
};

/// What looking brought, of one frame or of a walk-up that ended: events for the gate, and what changed about strangers.
struct FrameResult {
    /// News only: somebody was recognised or turned out to be somebody else, a stranger was given an identity, a walk-up ended
    /// with a face that could not be used.
    std::vector<FaceSeen> seen;
    std::vector<FaceCompared> compared;     ///< Answers to questions that are open.
    std::vector<StrangerIdentity> changed;  ///< To be sealed and kept.
    std::vector<StrangerId> dropped;        ///< To be erased.
    struct Merged {
        StrangerId stranger;  ///< Among `dropped`: it proved to be...
        StrangerId into;      ///< ...this one.
    };
    std::vector<Merged> merged;
    bool was_still = false;     ///< Nothing moved: the frame was not looked at, and says nothing about faces.
    bool walk_up_open = false;  ///< end_walk_ups() has to be called when no more frames come.
    // For people who aim a camera or enrol a face.
    int faces = 0;
    Box box;  ///< Of the largest face.
    std::uint32_t quality_permille = 0;
    std::string advice;  ///< "no face", "come closer"; empty when the largest face is good enough to be recognised.
    /// How far an enrolment at this camera is.
    struct Capture {
        std::string advice;
        std::size_t taken = 0, wanted = 0;
        std::vector<Template> faces;  ///< When there are enough.
    };
    std::optional<Capture> capture;
};

/// A picture for whoever aims a camera.
struct Snapshot {
    std::vector<std::uint8_t>
        jpeg;  ///< 1,280 pixels wide at most, each face framed; the largest in green when it is good enough.
    int faces = 0;
    std::uint32_t quality_permille = 0;
    std::string advice;
};

enum class StrangersWanted : std::uint8_t { no, yes };

/// The whole pipeline with its gallery, its walk-ups and its strangers. Owned and called by one thread, the vision worker's;
/// every call may take tens of milliseconds (enroll some hundred) and none of them throws.
class FaceEngine {
public:
    virtual ~FaceEngine() = default;

    /// The model that makes the templates now.
    [[nodiscard]] virtual ModelTag model() const = 0;

    /// The template of the one face in a JPEG or PNG file. Refuses, saying what to do: a file that cannot be read, no face, more
    /// than one, a face that is not good enough.
    [[nodiscard]] virtual Result<Template> enroll(std::span<const std::uint8_t> photo) = 0;
    /// What speaks against keeping these of a person, taken together; see models/enrolment.hpp. Empty: nothing.
    [[nodiscard]] virtual std::string speaks_against(const Enrolment& enrolment) const = 0;

    /// From now on the frames of this camera are also looked at for an enrolment; FrameResult::capture tells. One at a time.
    virtual void begin_capture(const DeviceId& camera) = 0;
    virtual void end_capture() = 0;

    [[nodiscard]] virtual Result<Snapshot> snapshot(const Frame& frame) = 0;

    /// Who is to be seen, and what came of the walk-ups of this camera. With `yes` a walk-up that is near to nobody gets a
    /// stranger's identity when it ends; with `no` it is dropped. A frame of a scene in which nothing moves is passed over,
    /// unless somebody is there, an enrolment runs or a question waits. Fails only when the frame cannot be read.
    [[nodiscard]] virtual Result<FrameResult> look(const Frame& frame, const Now& now, StrangersWanted strangers) = 0;
    /// Compares whoever stands before these cameras with one person, in the frames of the next five seconds:
    /// FrameResult::compared.
    virtual void ask(const FaceQuestion& question, const Now& now) = 0;
    /// Ends the walk-ups of which no frame came for a while.
    [[nodiscard]] virtual FrameResult end_walk_ups(const Now& now, StrangersWanted strangers) = 0;

    struct GalleryChange {
        std::vector<PersonId> outdated;   ///< Have to be enrolled again: their templates are another model's.
        std::vector<StrangerId> dropped;  ///< Strangers who are somebody now: to be erased.
    };
    /// Replaces the gallery; see Gallery::set. Walk-ups that are on begin anew.
    [[nodiscard]] virtual Result<GalleryChange> set_gallery(std::vector<Enrolled> enrolled) = 0;
    /// What the calibration means for the gallery as it is.
    [[nodiscard]] virtual FaceReport report() const = 0;

    /// Strangers as they stand; see Strangers.
    [[nodiscard]] virtual std::vector<StrangerIdentity> strangers() const = 0;
    [[nodiscard]] virtual std::vector<StrangerId> restore_strangers(std::vector<StrangerIdentity> identities) = 0;
    /// Whose time is over and, when the clock is trusted, who was made by a clock far in the future.
    [[nodiscard]] virtual std::vector<StrangerId> expire_strangers(const Now& now) = 0;
    [[nodiscard]] virtual bool forget_stranger(const StrangerId& id) = 0;
    /// All of them; see Strangers::wipe.
    [[nodiscard]] virtual std::vector<StrangerId> wipe_strangers() = 0;

    /// "OpenCV 4.6.0 (1 thread), dlib 19.24.0, ...": for `doctor` and the log.
    [[nodiscard]] virtual std::string describe() const = 0;
};

/// Opens the engine in this process. Defined in libmenshen_vision (and the static menshen_models); the daemon calls
/// load_face_engine() instead. A model file that is missing or whose hash is wrong is refused by name with both hashes.
[[nodiscard]] Result<std::unique_ptr<FaceEngine>> open_face_engine(FaceSettings settings);

/// Raised whenever anything in this header or those it includes changes, so that a daemon and a library of different builds
/// refuse each other instead of crashing.
inline constexpr unsigned kFaceEngineInterface = 12;

}  // namespace menshen::models
