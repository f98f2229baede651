#include "daemon/app/vision_worker.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "tests/models/sample_photos.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::app;

namespace {

/// The loop of a test: runs what the worker posts, until something holds.
class Loop {
public:
    Post post() {
        return [this](std::function<void()> work) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return !is_held_; });
                work_.push_back(std::move(work));
            }
            wake_.notify_all();
        };
    }

    /// Whoever posts waits until it is let go.
    void hold() {
        const std::lock_guard lock(mutex_);
        is_held_ = true;
    }
    void let_go() {
        {
            const std::lock_guard lock(mutex_);
            is_held_ = false;
        }
        wake_.notify_all();
    }

    void run_until(const std::function<bool()>& holds) {
        while (!holds()) {
            std::unique_lock lock(mutex_);
            REQUIRE(wake_.wait_for(lock, std::chrono::seconds(60), [&] { return !work_.empty(); }));
            const auto work = std::move(work_.front());
            work_.pop_front();
            lock.unlock();
            work();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> work_;
    bool is_held_ = false;
};

const DeviceId kFast("fast"), kSlow("slow");

struct Vision {
    explicit Vision(const std::string& cache) {
        VisionWorker::Start start;
        start.settings.models_dir = cache;
        start.now = now();
        worker.emplace(std::move(start), loop.post(), handlers());
        loop.run_until([&] { return is_ready; });
    }

    VisionWorker::Handlers handlers() {
        VisionWorker::Handlers out;
        out.on_state = [this](VisionWorker::State state, const std::string& why) {
            INFO(why);
            REQUIRE(state == VisionWorker::State::ready);
            is_ready = true;
        };
        out.on_faces = [this](const DeviceId& camera, const Result<models::FrameResult>& result) {
            looked_at.push_back({camera, result.has_value()});
            if (on_look) on_look(camera);
        };
        out.on_strangers_gone = [](const auto&) {};
        out.on_gallery = [](const auto&) {};
        return out;
    }

    [[nodiscard]] Now now() const { return {.mono = {at}, .wall = {}}; }

    void offer(const DeviceId& camera, const std::vector<std::uint8_t>& bytes) {
        at += Millis(10);
        worker->offer({camera, FrameFormat::encoded, 0, 0, std::make_shared<const std::vector<std::uint8_t>>(bytes)}, now());
    }

    [[nodiscard]] std::ptrdiff_t looks(const DeviceId& camera) const {
        return std::count_if(looked_at.begin(), looked_at.end(), [&](const Look& look) { return look.camera == camera; });
    }

    struct Look {
        DeviceId camera;
        bool is_picture = false;
    };
    Loop loop;
    Millis at{3'600'000};
    bool is_ready = false;
    std::vector<Look> looked_at;
    std::function<void(const DeviceId&)> on_look;
    std::optional<VisionWorker> worker;
};

}  // namespace

TEST_CASE("a camera that sends without end does not keep another from its turn", "[models]") {
    const auto cache = models::test::filled_cache();
    if (!cache) return;
    const auto street = models::test::photo("video_frames/frame_000100.jpg");
    const std::vector<std::uint8_t> garbage(5000, 0x5a);
    const auto& flood = GENERATE(0, 1) == 0 ? street : garbage;
    Vision vision(*cache);

    for (int turn = 1; turn <= 10; ++turn) {
        const auto before = vision.looks(kFast);
        vision.loop.hold();  // The thread stays with one frame while all the others come.
        for (int i = 0; i < 20; ++i) vision.offer(kFast, flood);
        vision.offer(kSlow, street);
        for (int i = 0; i < 20; ++i) vision.offer(kFast, flood);
        vision.loop.let_go();
        vision.loop.run_until([&] { return vision.looks(kSlow) == turn; });
        // The one that was under work, the newest of those that waited, and one of the turn before.
        CHECK(vision.looks(kFast) - before <= 3);
    }
    CHECK(vision.looks(kFast) >= 10);
    for (const auto& look : vision.looked_at) {
        if (look.camera == kSlow) CHECK(look.is_picture);
    }
}

TEST_CASE("enrolments that wait let frames through", "[models]") {
    const auto cache = models::test::filled_cache();
    if (!cache) return;
    const auto street = models::test::photo("video_frames/frame_000100.jpg");
    const auto photos = [&] {
        VisionWorker::Photos out;
        for (const auto& path : models::test::johns("John_Simm"))
            out.push_back(std::make_shared<const std::vector<std::uint8_t>>(models::test::photo(path)));
        out.resize(3);
        return out;
    }();
    Vision vision(*cache);
    constexpr int kEnrolments = 6;
    int done = 0, done_before_the_frame = kEnrolments;
    vision.on_look = [&](const DeviceId&) { done_before_the_frame = done; };
    vision.loop.hold();  // The thread stays with the first frame until all the rest waits.
    vision.offer(kFast, street);
    for (int i = 0; i < kEnrolments; ++i)
        vision.worker->enroll({PersonId("p"), {}, photos}, [&](const auto& enrolled) {
            CHECK(enrolled);
            ++done;
        });
    vision.offer(kSlow, street);
    vision.loop.let_go();
    vision.loop.run_until([&] { return done == kEnrolments && vision.looks(kSlow) == 1; });
    CHECK(done_before_the_frame <= 1);
}
