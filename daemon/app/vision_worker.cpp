#include "daemon/app/vision_worker.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "models/load_face_engine.hpp"

namespace menshen::app {

namespace {

constexpr std::chrono::seconds kLoadAgain{30};
/// Enrolments and gallery changes that wait; a person with a terminal cannot be that fast.
constexpr std::size_t kJobLimit = 64;

}  // namespace

class VisionWorker::Impl : public std::enable_shared_from_this<VisionWorker::Impl> {
public:
    Impl(Start start, Post post, Handlers handlers)
        : start_(std::move(start)), post_(std::move(post)), handlers_(std::move(handlers)), gallery_(std::move(start_.gallery)) {}

    void run_thread() {
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "vision");
            work();
        });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable()) thread_.join();
    }

    void offer(Frame frame, const Now& now) {
        {
            const std::lock_guard lock(mutex_);
            for (auto& waiting : frames_) {
                if (waiting.frame.camera != frame.camera) continue;
                waiting = {std::move(frame), now};
                return;
            }
            frames_.push_back({std::move(frame), now});
        }
        wake_.notify_all();
    }

    void set_wanted(models::StrangersWanted wanted) {
        const std::lock_guard lock(mutex_);
        wanted_ = wanted;
    }

    void set_gallery(std::vector<models::Enrolled> gallery) {
        {
            const std::lock_guard lock(mutex_);
            gallery_ = std::move(gallery);
        }
        wake_.notify_all();
    }

    void expire_strangers(const Now& now) {
        add_task([this, now](models::FaceEngine& engine, models::StrangersWanted) { say_gone(engine.expire_strangers(now)); });
    }

    void ask(const FaceQuestion& question, const Now& now) {
        add_task([question, now](models::FaceEngine& engine, models::StrangersWanted) { engine.ask(question, now); });
    }

    void end_walk_ups(const Now& now) {
        add_task([this, now](models::FaceEngine& engine, models::StrangersWanted wanted) {
            say_faces({}, engine.end_walk_ups(now, wanted));
        });
    }

    void wipe_strangers() {
        add_task([this](models::FaceEngine& engine, models::StrangersWanted) { say_gone(engine.wipe_strangers()); });
    }

    void begin_capture(const DeviceId& camera) {
        add_task([camera](models::FaceEngine& engine, models::StrangersWanted) { engine.begin_capture(camera); });
    }

    void end_capture() {
        add_task([](models::FaceEngine& engine, models::StrangersWanted) { engine.end_capture(); });
    }

    void judge(PersonId person, PersonId despite, std::vector<models::Template> faces, std::function<void(std::string)> done) {
        add_task([this, person, despite, faces = std::move(faces), done = std::move(done)](models::FaceEngine& engine,
                                                                                           models::StrangersWanted) {
            post([done, against = engine.speaks_against({person, faces, despite})] { done(against); });
        });
    }

    void snapshot(Frame frame, std::function<void(Result<models::Snapshot>)> done) {
        add_task([this, frame = std::move(frame), done = std::move(done)](models::FaceEngine& engine, models::StrangersWanted) {
            post([done, picture = engine.snapshot(frame)] { done(picture); });
        });
    }

    void reopen(models::FaceSettings settings, std::vector<models::Enrolled> gallery) {
        {
            const std::lock_guard lock(mutex_);
            new_settings_ = std::move(settings);
            gallery_ = std::move(gallery);
        }
        wake_.notify_all();
    }

    void enroll(Enrolment enrolment, std::function<void(Result<Enrolled>)> done) {
        {
            const std::lock_guard lock(mutex_);
            if (jobs_.size() < kJobLimit) {
                jobs_.push_back({std::move(enrolment), std::move(done)});
                done = nullptr;
            }
        }
        if (done) done(fail("too many enrolments wait; try again in a moment"));
        wake_.notify_all();
    }

    bool idle() const {
        const std::lock_guard lock(mutex_);
        const bool can_work = state_ != State::failed;
        return !busy_ && !new_settings_ && (!can_work || (frames_.empty() && jobs_.empty() && tasks_.empty() && !gallery_)) &&
               state_ != State::starting;
    }

private:
    struct Waiting {
        Frame frame;
        Now at;
    };
    /// Small work in between, run with the engine. What it returns is posted.
    using Task = std::function<void(models::FaceEngine&, models::StrangersWanted)>;
    struct Job {
        Enrolment enrolment;
        std::function<void(Result<Enrolled>)> done;
    };

    template <class F>
    void post(F&& f) {
        post_([self = shared_from_this(), run = std::forward<F>(f)]() mutable {
            if (!self->gone_) run();
        });
    }

    void work() {
        for (;;) {
            while (!load()) {
                answer_jobs_without_engine();
                std::unique_lock lock(mutex_);
                if (wake_.wait_for(lock, kLoadAgain, [&] { return stopping_ || new_settings_ || !jobs_.empty(); }) && stopping_)
                    return;
            }
            while (work_once()) {
            }
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            // Other settings: the strangers go over to the next engine, the gallery was given anew.
            start_.strangers = engine_->strangers();
            engine_.reset();
        }
    }

    void add_task(Task task) {
        {
            const std::lock_guard lock(mutex_);
            // A task that is dropped takes its reply along: whoever asked is told that it is not available.
            if (state_ == State::failed || tasks_.size() >= kJobLimit) return;
            tasks_.push_back(std::move(task));
        }
        wake_.notify_all();
    }

    bool load() {
        {
            const std::lock_guard lock(mutex_);
            if (new_settings_) {
                start_.settings = std::move(*new_settings_);
                new_settings_.reset();
                state_ = State::starting;
            }
        }
        auto engine = models::load_face_engine(start_.settings);
        if (!engine) {
            set_state(State::failed, engine.error().message);
            return false;
        }
        engine_ = std::move(*engine);
        auto gone = engine_->restore_strangers(std::move(start_.strangers));
        for (auto& id : engine_->expire_strangers(start_.now)) gone.push_back(std::move(id));
        say_gone(gone);
        set_state(State::ready, engine_->describe());
        return true;
    }

    void set_state(State state, const std::string& why) {
        {
            const std::lock_guard lock(mutex_);
            state_ = state;
        }
        post([this, state, why] { handlers_.on_state(state, why); });
    }

    void answer_jobs_without_engine() {
        std::deque<Job> jobs;
        {
            const std::lock_guard lock(mutex_);
            jobs.swap(jobs_);
            frames_.clear();
            tasks_.clear();
        }
        for (auto& job : jobs) {
            post([done = std::move(job.done)] { done(fail("the face models could not be loaded; see menshen status")); });
        }
    }

    /// One piece of work; false when the thread is to end, or the engine is to be another one.
    bool work_once() {
        std::optional<std::vector<models::Enrolled>> gallery;
        std::optional<Job> job;
        std::optional<Waiting> frame;
        Task task;
        models::StrangersWanted wanted{};
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] {
                return stopping_ || new_settings_ || gallery_ || !tasks_.empty() || !jobs_.empty() || !frames_.empty();
            });
            if (stopping_ || new_settings_) return false;
            busy_ = true;
            wanted = wanted_;
            if (gallery_) {
                gallery = std::exchange(gallery_, std::nullopt);
            } else if (!frames_.empty() && !frame_was_last_) {
                frame = std::move(frames_.front());
                frames_.pop_front();
            } else if (!tasks_.empty()) {
                task = std::move(tasks_.front());
                tasks_.pop_front();
            } else if (!jobs_.empty()) {
                job = std::move(jobs_.front());
                jobs_.pop_front();
            } else {
                frame = std::move(frames_.front());
                frames_.pop_front();
            }
        }
        frame_was_last_ = frame.has_value();
        if (gallery) take_gallery(std::move(*gallery));
        if (task) task(*engine_, wanted);
        if (job) run_job(std::move(*job));
        if (frame) look(*frame, wanted);
        const std::lock_guard lock(mutex_);
        busy_ = false;
        return true;
    }

    void say_gone(const std::vector<StrangerId>& gone) {
        if (!gone.empty()) post([this, gone] { handlers_.on_strangers_gone(gone); });
    }

    void say_faces(const DeviceId& camera, Result<models::FrameResult> result) {
        post([this, camera, result = std::move(result)] { handlers_.on_faces(camera, result); });
    }

    void take_gallery(std::vector<models::Enrolled> gallery) {
        const auto change = engine_->set_gallery(std::move(gallery));
        if (!change) {
            // Better nobody is recognised than somebody who has withdrawn.
            (void)engine_->set_gallery({});
        }
        GalleryState state{change ? change->outdated : std::vector<PersonId>(), engine_->report(),
                           change ? std::string() : change.error().message};
        if (change) say_gone(change->dropped);
        post([this, state = std::move(state)] { handlers_.on_gallery(state); });
    }

    void run_job(Job job) {
        Enrolled out;
        std::vector<models::Template> good;
        for (const auto& photo : job.enrolment.photos) {
            out.templates.push_back(engine_->enroll(*photo));
            if (out.templates.back()) good.push_back(*out.templates.back());
        }
        if (good.size() == out.templates.size()) {
            out.against = engine_->speaks_against({job.enrolment.person, good, job.enrolment.despite});
        }
        post([done = std::move(job.done), out = std::move(out)]() mutable { done(std::move(out)); });
    }

    void look(const Waiting& waiting, models::StrangersWanted wanted) {
        say_faces(waiting.frame.camera, engine_->look(waiting.frame, waiting.at, wanted));
    }

    Start start_;
    Post post_;
    Handlers handlers_;
    std::unique_ptr<models::FaceEngine> engine_;  // vision thread only
    std::thread thread_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Waiting> frames_;
    std::deque<Job> jobs_;
    std::optional<std::vector<models::Enrolled>> gallery_;
    std::deque<Task> tasks_;
    std::optional<models::FaceSettings> new_settings_;
    models::StrangersWanted wanted_ = models::StrangersWanted::no;
    State state_ = State::starting;
    bool busy_ = false;
    bool frame_was_last_ = false;  ///< Frames take turns with tasks and enrolments: none may keep the other waiting.
    bool stopping_ = false;

public:
    bool gone_ = false;  // loop thread only: the owner has gone, what was posted does nothing
};

VisionWorker::VisionWorker(Start start, Post post, Handlers handlers)
    : impl_(std::make_shared<Impl>(std::move(start), std::move(post), std::move(handlers))) {
    impl_->run_thread();
}

VisionWorker::~VisionWorker() {
    impl_->gone_ = true;
    impl_->stop();
}

void VisionWorker::offer(Frame frame, const Now& now) { impl_->offer(std::move(frame), now); }
void VisionWorker::set_strangers_wanted(models::StrangersWanted wanted) { impl_->set_wanted(wanted); }
void VisionWorker::set_gallery(std::vector<models::Enrolled> gallery) { impl_->set_gallery(std::move(gallery)); }
void VisionWorker::ask(const FaceQuestion& question, const Now& now) { impl_->ask(question, now); }
void VisionWorker::end_walk_ups(const Now& now) { impl_->end_walk_ups(now); }
void VisionWorker::wipe_strangers() { impl_->wipe_strangers(); }
void VisionWorker::reopen(models::FaceSettings settings, std::vector<models::Enrolled> gallery) {
    impl_->reopen(std::move(settings), std::move(gallery));
}
void VisionWorker::expire_strangers(const Now& now) { impl_->expire_strangers(now); }
void VisionWorker::enroll(Enrolment enrolment, std::function<void(Result<Enrolled>)> done) {
    impl_->enroll(std::move(enrolment), std::move(done));
}
void VisionWorker::begin_capture(const DeviceId& camera) { impl_->begin_capture(camera); }
void VisionWorker::end_capture() { impl_->end_capture(); }
void VisionWorker::judge(PersonId person, PersonId despite, std::vector<models::Template> faces,
                         std::function<void(std::string)> done) {
    impl_->judge(std::move(person), std::move(despite), std::move(faces), std::move(done));
}
void VisionWorker::snapshot(Frame frame, std::function<void(Result<models::Snapshot>)> done) {
    impl_->snapshot(std::move(frame), std::move(done));
}
bool VisionWorker::idle() const { return impl_->idle(); }

}  // namespace menshen::app
