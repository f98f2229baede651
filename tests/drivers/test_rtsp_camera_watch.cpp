// The camera's loop over a stream that does what the test says.
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "drivers/rtsp_camera/camera.hpp"
#include "tests/drivers/stage.hpp"

using namespace menshen;
using namespace menshen::drivers;
using namespace menshen::drivers::rtsp_camera;

namespace {

/// What every stream of a test does next.
struct Script {
    enum class Do : std::uint8_t {
        pictures,
        wait,   ///< Nothing comes; a stop is heard.
        wedge,  ///< Nothing comes, and no stop is heard, until release().
        damage,
        both,  ///< Damage and pictures in turn.
        end,
        explode,
    };

    void set(Do what) {
        const std::lock_guard lock(mutex);
        next = what;
        changed.notify_all();
    }
    void release() { set(Do::end); }

    std::mutex mutex;
    std::condition_variable changed;
    Do next = Do::pictures;
    Do at_open = Do::pictures;
    bool refuse_login = false;
    int width = 4, height = 2;
    std::uint8_t shade = 0;
    std::string password;  ///< Of the last stream.
    int opened = 0;
    std::atomic<int> made = 0, alive = 0;
};

class FakeStream final : public VideoStream {
public:
    explicit FakeStream(std::shared_ptr<Script> script) : script_(std::move(script)) {
        ++script_->made;
        ++script_->alive;
    }
    ~FakeStream() override { --script_->alive; }

    [[nodiscard]] Result<void> open() override {
        doing_ = Doing::looking_up;
        auto done = act(script_->at_open);
        if (!done) return tl::unexpected(done.error());
        const std::lock_guard lock(script_->mutex);
        if (script_->refuse_login) return fail("401");
        ++script_->opened;
        return {};
    }
    [[nodiscard]] bool is_login_refused() const override {
        const std::lock_guard lock(script_->mutex);
        return script_->refuse_login;
    }
    [[nodiscard]] Result<Step> read(Wanted) override {
        doing_ = Doing::reading;
        std::this_thread::sleep_for(1ms);
        Script::Do what{};
        {
            const std::lock_guard lock(script_->mutex);
            what = script_->next;
        }
        return act(what);
    }
    [[nodiscard]] Result<Picture> picture() override {
        const std::lock_guard lock(script_->mutex);
        const auto size = static_cast<std::size_t>(3 * script_->width * script_->height);
        auto bytes = std::make_shared<const std::vector<std::uint8_t>>(size, script_->shade);
        return Picture{script_->width, script_->height, script_->width, script_->height, bytes};
    }
    [[nodiscard]] std::uint64_t complaints() const override { return 0; }
    [[nodiscard]] std::uint64_t times_behind() const override { return 0; }
    void stop() noexcept override {
        stopped_ = true;
        script_->changed.notify_all();
    }
    [[nodiscard]] Doing doing() const noexcept override { return doing_; }

private:
    Result<Step> act(Script::Do what) {
        using Do = Script::Do;
        if (what == Do::pictures) return Step::picture;
        if (what == Do::damage) return Step::damaged;
        if (what == Do::both) return ++turns_ % 4 == 0 ? Step::picture : Step::damaged;
        if (what == Do::end) return fail("the camera ended the stream");
        if (what == Do::explode) throw std::runtime_error("boom");
        std::unique_lock lock(script_->mutex);
        while (!(what == Do::wait && stopped_) && script_->next != Do::end) script_->changed.wait_for(lock, 5ms);
        return fail("it was stopped");
    }

    std::shared_ptr<Script> script_;
    int turns_ = 0;
    std::atomic<bool> stopped_ = false;
    std::atomic<Doing> doing_ = Doing::nothing;
};

struct Watched {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    Stage stage;

    explicit Watched(Millis limit = 100ms, int fps = 30) {
        rtsp_camera::Settings settings;
        settings.url = *parse_url("rtsp://cam.lan/stream1");
        settings.fps = fps;
        add(settings, limit);
    }
    Watched(const rtsp_camera::Settings& settings, Millis limit) { add(settings, limit); }
    ~Watched() {
        script->release();
        // A thread left behind uses the script, not the stage; it is seen out so that the next test is alone.
        const auto limit = std::chrono::steady_clock::now() + 5s;
        while (script->alive > 0 && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    }

    void add(const rtsp_camera::Settings& settings, Millis limit) {
        const MakeStream make = [shared = script](const StreamSettings& stream) -> Result<std::unique_ptr<VideoStream>> {
            const std::lock_guard lock(shared->mutex);
            shared->password = stream.password;
            return std::make_unique<FakeStream>(shared);
        };
        DeviceSettings device;
        device.id = DeviceId("front");
        device.driver = "rtsp_camera";
        REQUIRE(stage.supervisor.add(device, make_camera(device.id, settings, {make, limit, limit})));
    }
    [[nodiscard]] std::uint64_t counter(const std::string& name) const { return stage.status().counters.at(name); }
    [[nodiscard]] std::string why_offline() {
        REQUIRE(stage.until([&] { return !stage.status().why.empty(); }));
        return stage.status().why;
    }
    void start_and_see() {
        stage.supervisor.start();
        REQUIRE(stage.until([&] { return stage.status().online && !stage.sink.frames.empty(); }));
    }
};

}  // namespace

TEST_CASE("pictures of a stream reach the sink, and the newest wins", "[unit]") {
    Watched camera;
    camera.start_and_see();
    const auto& frame = camera.stage.sink.frames.front();
    CHECK(frame.camera.str() == "front");
    CHECK(frame.format == FrameFormat::bgr24);
    CHECK(frame.width == 4);
    CHECK(frame.height == 2);
    CHECK(frame.bytes->size() == 24);

    // The loop does nothing for a while; afterwards it sees one picture, the last.
    const auto before = camera.stage.sink.frames.size();
    const auto decoded = camera.counter("decoded");
    std::this_thread::sleep_for(200ms);
    {
        const std::lock_guard lock(camera.script->mutex);
        camera.script->shade = 7;
    }
    std::this_thread::sleep_for(100ms);
    CHECK(camera.counter("decoded") > decoded + 3);
    camera.stage.loop.restart();
    camera.stage.loop.poll();
    CHECK(camera.stage.sink.frames.size() == before + 1);
    CHECK(camera.stage.sink.frames.back().bytes->front() == 7);
}

TEST_CASE("pictures above the limit are decoded and passed over", "[unit]") {
    Watched camera(1s, 10);
    camera.start_and_see();
    REQUIRE(camera.stage.until([&] { return camera.counter("passed_over") > 50; }));
    CHECK(camera.counter("decoded") >= camera.counter("frames") + camera.counter("passed_over"));
    CHECK(camera.counter("frames") * 5 < camera.counter("decoded"));
}

TEST_CASE("a stream that stands still fails with the reason, and is opened again", "[unit]") {
    Watched camera;
    camera.start_and_see();
    camera.script->set(Script::Do::wait);
    CHECK(camera.why_offline() == "cam.lan:554: no picture for 100ms");
    CHECK_FALSE(camera.stage.status().online);
    camera.script->set(Script::Do::pictures);
    REQUIRE(camera.stage.until_online());
    CHECK(camera.counter("connections") >= 2);
}

TEST_CASE("a camera that plays without ever a whole picture says so", "[unit]") {
    Watched camera;
    camera.script->next = Script::Do::damage;
    camera.stage.supervisor.start();
    CHECK_THAT(camera.why_offline(), Catch::Contains("no whole picture came in 100ms"));
    CHECK(camera.counter("damaged") > 0);
}

TEST_CASE("much damage in a row ends the connection, some does not", "[unit]") {
    Watched camera(5s);
    camera.start_and_see();
    camera.script->set(Script::Do::both);
    REQUIRE(camera.stage.until([&] { return camera.counter("damaged") >= 150; }));
    CHECK(camera.stage.status().failures == 0);
    camera.script->set(Script::Do::damage);
    CHECK_THAT(camera.why_offline(), Catch::Contains("50 packets one after another"));
    camera.script->set(Script::Do::pictures);
    REQUIRE(camera.stage.until_online());
}

TEST_CASE("another resolution in the middle is shown and counted", "[unit]") {
    Watched camera;
    camera.start_and_see();
    {
        const std::lock_guard lock(camera.script->mutex);
        camera.script->width = 6;
        camera.script->height = 8;
    }
    REQUIRE(camera.stage.until([&] { return camera.stage.sink.frames.back().height == 8; }));
    CHECK(camera.stage.sink.frames.back().width == 6);
    CHECK(camera.stage.sink.frames.back().bytes->size() == 144);
    CHECK(camera.counter("resolution_changes") == 1);
    CHECK(camera.stage.status().failures == 0);
}

TEST_CASE("a stream that ends or throws fails with its words", "[unit]") {
    Watched camera;
    camera.start_and_see();
    camera.script->set(Script::Do::explode);
    CHECK(camera.why_offline() == "boom");
    camera.script->set(Script::Do::end);
    REQUIRE(camera.stage.until([&] { return camera.stage.status().why == "the camera ended the stream"; }));
}

TEST_CASE("a look-up that hangs is named, costs one thread and never the loop", "[unit]") {
    Watched camera(50ms);
    camera.script->at_open = Script::Do::wedge;
    camera.stage.supervisor.start();
    CHECK_THAT(camera.why_offline(), Catch::Contains("cam.lan:554: no answer in 50ms while looking up the name cam.lan"));
    REQUIRE(camera.stage.until(
        [&] { return camera.stage.status().why.find("an earlier connection has still not ended") != std::string::npos; }));
    CHECK(camera.script->made == 1);
    camera.script->at_open = Script::Do::pictures;
    camera.script->release();
    REQUIRE(camera.stage.until([&] { return camera.script->alive == 0; }));
    camera.script->set(Script::Do::pictures);
    REQUIRE(camera.stage.until_online());
    CHECK(camera.script->made >= 2);
}

TEST_CASE("stopping and destroying do not wait for a wedged thread", "[unit]") {
    auto camera = std::make_unique<Watched>(10s);
    camera->start_and_see();
    camera->script->set(Script::Do::wedge);
    const auto script = camera->script;
    std::this_thread::sleep_for(20ms);  // The thread goes into its read.
    const auto begin = std::chrono::steady_clock::now();
    camera->stage.supervisor.stop();
    REQUIRE(camera->stage.until([&] { return camera->stage.supervisor.idle(); }));
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
    CHECK(script->alive == 1);
    camera.reset();
    CHECK(script->alive == 0);
}

TEST_CASE("the thread of a loop that was destroyed in the middle touches it no more", "[unit]") {
    const auto script = std::make_shared<Script>();
    {
        auto loop = std::make_unique<boost::asio::io_context>();
        RememberingSink sink;
        auto supervisor = std::make_unique<Supervisor>(*loop, sink, [] { return Now{}; });
        rtsp_camera::Settings settings;
        settings.url = *parse_url("rtsp://cam.lan/stream1");
        settings.fps = 30;
        DeviceSettings device;
        device.id = DeviceId("front");
        const MakeStream make = [script](const StreamSettings&) -> Result<std::unique_ptr<VideoStream>> {
            return std::make_unique<FakeStream>(script);
        };
        REQUIRE(supervisor->add(device, make_camera(device.id, settings, {.make = make})));
        supervisor->start();
        while (sink.frames.empty()) loop->run_one_for(5ms);
        supervisor.reset();
        loop.reset();
    }
    std::this_thread::sleep_for(50ms);  // Pictures go on coming here, were the stream not told to stop.
    script->release();
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (script->alive > 0 && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    CHECK(script->alive == 0);
}

TEST_CASE("the password is read at each connect, and a refused one is not tried again and again", "[unit]") {
    const auto path = std::filesystem::temp_directory_path() / ("menshen-rtsp-password-" + std::to_string(::getpid()));
    const auto put = [&](const std::string& text) { std::ofstream(path) << text; };
    put("wrong\n");
    rtsp_camera::Settings settings;
    settings.url = *parse_url("rtsp://cam.lan/stream1");
    settings.username = "gate";
    settings.password_file = path.string();
    Watched camera(settings, 1s);
    camera.script->refuse_login = true;
    camera.stage.supervisor.start();
    REQUIRE(camera.stage.until([&] { return camera.stage.status().why.find("only every 5m") != std::string::npos; }));
    CHECK(camera.script->password == "wrong");
    REQUIRE(camera.stage.until([&] { return camera.stage.status().restarts > 5; }));
    CHECK(camera.script->made == 1);
    {
        const std::lock_guard lock(camera.script->mutex);
        camera.script->refuse_login = false;
    }
    put("right\n");
    REQUIRE(camera.stage.until_online());
    CHECK(camera.script->password == "right");
    std::filesystem::remove(path);
}
