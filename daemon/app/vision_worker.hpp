#pragma once
/// The vision thread: frames in, faces out. The newest frame of each camera wins and the cameras take turns, so that neither a
/// fast nor a wedged camera keeps another from being looked at. The face engine is loaded on this thread and lives there.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/frame.hpp"
#include "core/time.hpp"
#include "models/face_engine.hpp"

namespace menshen::app {

/// Runs a function on the loop; thread-safe.
using Post = std::function<void(std::function<void()>)>;

class VisionWorker {
public:
    enum class State : unsigned char { starting, ready, failed };

    /// All run on the loop.
    struct Handlers {
        std::function<void(const DeviceId& camera, const Result<models::FrameResult>&)> on_frame;
        /// Ready, or failed with the reason; again after each attempt to load (every 30 s while it fails).
        std::function<void(State, const std::string& why)> on_state;
        /// Identities whose time was over, or whose model is no more.
        std::function<void(const std::vector<StrangerId>&)> on_strangers_gone;
        /// Who has templates of another model only: they must be enrolled again.
        std::function<void(const std::vector<PersonId>&)> on_outdated;
    };

    struct Start {
        models::FaceSettings settings;
        std::vector<models::Enrolled> gallery;
        std::vector<models::StrangerIdentity> strangers;
        WallTime now;
    };

    VisionWorker(Start start, Post post, Handlers handlers);
    /// Waits for the picture under work; tens of milliseconds.
    ~VisionWorker();

    /// Loop thread. `now` is the event time of the frame.
    void offer(Frame frame, const Now& now);
    void set_strangers_wanted(models::StrangersWanted wanted);
    void set_gallery(std::vector<models::Enrolled> gallery);
    /// Forgets strangers whose time is over even when nobody comes by; on_strangers_gone tells.
    void expire_strangers(WallTime now);

    using Photos = std::vector<std::shared_ptr<const std::vector<std::uint8_t>>>;
    using Templates = std::vector<Result<models::Template>>;  ///< One for each photograph.
    void enroll(Photos photos, std::function<void(Result<Templates>)> done);

    /// Nothing waits and nothing is under work; its results have been posted.
    [[nodiscard]] bool idle() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace menshen::app
