#pragma once
/// The vision thread: frames in, faces out. The newest frame of each camera wins and the cameras take turns, so that neither a
/// fast nor a wedged camera keeps another from being looked at. The face engine is loaded on this thread and lives there.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/frame.hpp"
#include "core/time.hpp"
#include "daemon/app/post.hpp"
#include "models/face_engine.hpp"

namespace menshen::app {

class VisionWorker {
public:
    enum class State : unsigned char { starting, ready, failed };

    struct GalleryState {
        std::vector<PersonId> outdated;  ///< They have templates of another model only and must be enrolled again.
        models::FaceReport report;
        std::string problem;  ///< Why nobody is recognised.
    };

    /// All run on the loop.
    struct Handlers {
        std::function<void(const DeviceId& camera, const Result<models::FrameResult>&)> on_faces;
        /// Ready, or failed with the reason; again after each attempt to load (every 30 s while it fails).
        std::function<void(State, const std::string& why)> on_state;
        /// Identities whose time was over, or whose model is no more.
        std::function<void(const std::vector<StrangerId>&)> on_strangers_gone;
        /// After each change of the gallery.
        std::function<void(const GalleryState&)> on_gallery;
    };

    struct Start {
        models::FaceSettings settings;
        std::vector<models::Enrolled> gallery;
        std::vector<models::StrangerIdentity> strangers;
        Now now;
    };

    VisionWorker(Start start, Post post, Handlers handlers);
    /// Waits for the picture under work; tens of milliseconds.
    ~VisionWorker();

    /// Loop thread. `now` is the event time of the frame.
    void offer(Frame frame, const Now& now);
    void set_strangers_wanted(models::StrangersWanted wanted);
    void set_gallery(std::vector<models::Enrolled> gallery);
    /// See FaceEngine; what they bring comes by on_faces.
    void ask(const FaceQuestion& question, const Now& now);
    void end_walk_ups(const Now& now);
    void wipe_strangers();
    /// Loads the engine anew, with other settings.
    void reopen(models::FaceSettings settings, std::vector<models::Enrolled> gallery);
    /// Forgets strangers whose time is over even when nobody comes by; on_strangers_gone tells.
    void expire_strangers(const Now& now);

    using Photos = std::vector<std::shared_ptr<const std::vector<std::uint8_t>>>;
    struct Enrolment {
        PersonId person;
        PersonId despite;  ///< A twin.
        Photos photos;
    };
    struct Enrolled {
        std::vector<Result<models::Template>> templates;  ///< One for each photograph.
        std::string against;                              ///< When each is good: what speaks against all together.
    };
    void enroll(Enrolment enrolment, std::function<void(Result<Enrolled>)> done);

    /// Enrolment at a camera: FrameResult::capture tells how far it is; `against` is judged before the templates are kept.
    void begin_capture(const DeviceId& camera);
    void end_capture();
    void judge(PersonId person, PersonId despite, std::vector<models::Template> faces, std::function<void(std::string)> done);
    /// The newest frame of a camera as a picture to look at.
    void snapshot(Frame frame, std::function<void(Result<models::Snapshot>)> done);

    /// Nothing waits and nothing is under work; its results have been posted.
    [[nodiscard]] bool idle() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace menshen::app
