// The camera's loop over a driver that does what the test says.
#include <linux/videodev2.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "drivers/v4l2_camera/camera.hpp"
#include "tests/drivers/fake_video_port.hpp"
#include "tests/drivers/stage.hpp"

using namespace menshen;
using namespace menshen::drivers;
using namespace menshen::drivers::v4l2_camera;

namespace {

using Does = FakeCamera::Does;
const std::string kPath = "/dev/v4l/by-id/usb-Test-video-index0";

struct Watched {
    std::shared_ptr<FakeCamera> camera;
    Stage stage;

    explicit Watched(std::shared_ptr<FakeCamera> given = make_webcam(), const Wish& wish = {.fps = 60}, Millis limit = 100ms)
        : camera(std::move(given)) {
        v4l2_camera::Settings settings;
        settings.device = kPath;
        settings.wish = wish;
        DeviceSettings device;
        device.id = DeviceId("front");
        device.driver = "v4l2_camera";
        MakePort make = [shared = camera]() -> Result<std::unique_ptr<VideoPort>> { return make_fake_port(shared); };
        REQUIRE(stage.supervisor.add(device, make_camera(device.id, settings, {std::move(make), limit, limit})));
    }
    ~Watched() {
        stage.supervisor.stop();
        camera->release();
        // A thread left behind uses the camera, not the stage; it is seen out so that the next test is alone.
        CHECK(until_closed());
    }

    bool until_closed() {
        return stage.until([&] { return camera->ports() == 0; });
    }
    [[nodiscard]] std::uint64_t counter(const std::string& name) const { return stage.status().counters.at(name); }
    [[nodiscard]] std::string why() {
        REQUIRE(stage.until([&] { return !stage.status().why.empty(); }));
        return stage.status().why;
    }
    bool until_why(const std::string& part) {
        return stage.until([&] { return stage.status().why.find(part) != std::string::npos; });
    }
    void start_and_see() {
        stage.supervisor.start();
        INFO(stage.status().why);
        REQUIRE(stage.until([&] { return stage.status().online && !stage.sink.frames.empty(); }));
    }
    void see_again() {
        stage.sink.frames.clear();
        camera->set(Does::pictures);
        REQUIRE(stage.until([&] { return stage.status().online && !stage.sink.frames.empty(); }));
    }
};

/// Why a camera with this quirk does not come online.
std::string why_not(const std::function<void(FakeCamera&)>& quirk) {
    auto camera = make_webcam();
    quirk(*camera);
    Watched watched(std::move(camera));
    watched.stage.supervisor.start();
    auto why = watched.why();
    CHECK_FALSE(watched.stage.status().online);
    return why;
}

}  // namespace

TEST_CASE("v4l2: MJPEG reaches the sink as it came", "[unit]") {
    Watched watched(make_webcam(), {.size = {640, 480}, .fps = 15});
    watched.start_and_see();
    const auto& frame = watched.stage.sink.frames.front();
    CHECK(frame.camera.str() == "front");
    CHECK(frame.format == FrameFormat::encoded);
    CHECK(frame.width == 0);
    CHECK(*frame.bytes == small_jpeg({1280, 720}));
    CHECK(watched.camera->asked_size() == Size{640, 480});
    CHECK(watched.camera->asked_fourcc() == V4L2_PIX_FMT_MJPEG);
    CHECK(watched.camera->asked_interval() == Interval{1, 15});
    CHECK(watched.counter("picture_width") == 1280);  // What came, not what was asked for.
    CHECK(watched.counter("picture_height") == 720);
    CHECK(watched.counter("openings") == 1);
}

TEST_CASE("v4l2: YUYV comes converted, in the size the driver gives", "[unit]") {
    auto camera = make_webcam();
    camera->given = Size{4, 2};
    camera->filling = 2;
    camera->sends = {16, 128, 16, 128, 16, 128, 16, 128, 99, 99, 235, 128, 235, 128, 235, 128, 235, 128};
    Watched watched(camera, {.fps = 60, .encoding = Encoding::yuyv});
    watched.start_and_see();
    const auto& frame = watched.stage.sink.frames.front();
    CHECK(camera->asked_fourcc() == V4L2_PIX_FMT_YUYV);
    CHECK(frame.format == FrameFormat::bgr24);
    CHECK(frame.width == 4);
    CHECK(frame.height == 2);
    REQUIRE(frame.bytes->size() == 24);
    CHECK(frame.bytes->front() == 0);
    CHECK(frame.bytes->back() == 255);
}

TEST_CASE("v4l2: a range of sizes is asked for the nearest", "[unit]") {
    auto camera = make_webcam();
    camera->size_range = SizeRange{{32, 32}, {1024, 768}, {16, 16}};
    Watched watched(camera, {.size = {1280, 721}, .fps = 15});
    watched.start_and_see();
    CHECK(camera->asked_size() == Size{1024, 720});
}

TEST_CASE("v4l2: the newest picture wins", "[unit]") {
    Watched watched;
    watched.camera->fill_at_once(3);
    watched.start_and_see();
    REQUIRE(watched.stage.until([&] { return watched.counter("passed_over") > 30; }));
    CHECK(watched.counter("passed_over") >= 2 * watched.counter("frames"));

    // The loop does nothing for a while; afterwards it sees one picture, the last.
    watched.stage.sink.frames.clear();
    std::this_thread::sleep_for(50ms);
    watched.camera->send(small_jpeg({320, 240}));
    std::this_thread::sleep_for(100ms);
    watched.stage.loop.restart();
    watched.stage.loop.poll();
    REQUIRE(watched.stage.sink.frames.size() == 1);
    CHECK(*watched.stage.sink.frames[0].bytes == small_jpeg({320, 240}));
    CHECK(watched.counter("size_changes") == 1);
}

TEST_CASE("v4l2: pictures above the limit are passed over, refused ones counted", "[unit]") {
    Watched watched(make_webcam(), {.fps = 10});
    watched.start_and_see();
    REQUIRE(watched.stage.until([&] { return watched.counter("passed_over") > 50; }));
    CHECK(watched.counter("frames") * 5 < watched.counter("passed_over"));
    watched.stage.sink.takes_frames = false;
    REQUIRE(watched.stage.until([&] { return watched.counter("frames_refused") > 0; }));
}

TEST_CASE("v4l2: unplugged in mid-stream, and plugged in again", "[unit]") {
    Watched watched;
    watched.camera->others = {"/dev/v4l/by-id/usb-Other-video-index0"};
    watched.start_and_see();
    watched.camera->set(Does::unplugged);
    CHECK(watched.why() == kPath + ": the camera is gone; was it unplugged?");
    CHECK_FALSE(watched.stage.status().online);
    REQUIRE(watched.until_why("there is no such device; plugged in: /dev/v4l/by-id/usb-Other-video-index0"));
    CHECK(watched.stage.sink.all<DeviceChanged>().size() == 2);
    watched.see_again();
    CHECK(watched.camera->most_open_at_once() == 1);
}

TEST_CASE("v4l2: no picture for a while fails with the reason, and is opened again", "[unit]") {
    Watched watched;
    watched.start_and_see();
    watched.camera->set(Does::nothing);
    CHECK(watched.why() == kPath + ": no picture for 100ms; check the camera's cable, hub and power supply");
    watched.see_again();
    CHECK(watched.counter("openings") >= 2);
    CHECK(watched.camera->most_open_at_once() == 1);
    CHECK(watched.camera->mapped() == 4);  // Those of the earlier opening are gone.
}

TEST_CASE("v4l2: another size in mid-stream opens it anew", "[unit]") {
    Watched watched;
    watched.start_and_see();
    watched.camera->set(Does::changes);
    CHECK(watched.why() == kPath + ": the picture it is given has another size now; opened anew");
    watched.see_again();
    CHECK(watched.counter("openings") == 2);
}

TEST_CASE("v4l2: some garbage is passed over, much in a row fails", "[unit]") {
    Watched watched;
    watched.start_and_see();
    for (const auto& garbage :
         {std::vector<std::uint8_t>(500, 0), std::vector<std::uint8_t>{}, std::vector<std::uint8_t>{0xFF, 0xD8}}) {
        // Fewer than would end it: then good ones again.
        const auto before = watched.counter("garbage_frames");
        watched.camera->send(garbage);
        REQUIRE(watched.stage.until([&] { return watched.counter("garbage_frames") > before; }));
        watched.camera->send(small_jpeg({1280, 720}));
        watched.stage.sink.frames.clear();
        REQUIRE(watched.stage.until([&] { return !watched.stage.sink.frames.empty(); }));
        CHECK(*watched.stage.sink.frames.back().bytes == small_jpeg({1280, 720}));
    }
    CHECK(watched.stage.status().failures == 0);
    watched.camera->send(std::vector<std::uint8_t>(500, 7));
    CHECK(watched.why() == kPath +
                               ": 50 damaged pictures one after another, the last because it does not begin as a JPEG picture; "
                               "check the camera's cable, hub and power supply");
    watched.camera->send(small_jpeg({1280, 720}));
    watched.see_again();
}

TEST_CASE("v4l2: pictures the driver calls damaged, and signals that are lost, count as garbage", "[unit]") {
    Watched watched;
    watched.start_and_see();
    watched.camera->flag_errors(true);
    CHECK_THAT(watched.why(), Catch::Contains("the last because the driver calls it damaged"));
    watched.camera->flag_errors(false);
    watched.see_again();
    watched.camera->set_error(VIDIOC_DQBUF, EIO);
    REQUIRE(watched.until_why("the last because the driver calls it damaged"));
}

TEST_CASE("v4l2: a short raw picture is garbage", "[unit]") {
    auto camera = make_webcam();
    camera->given = Size{4, 2};
    camera->sends = std::vector<std::uint8_t>(15, 128);
    Watched watched(camera, {.fps = 60, .encoding = Encoding::yuyv});
    watched.stage.supervisor.start();
    CHECK_THAT(watched.why(), Catch::Contains("the last because it has 15 bytes of 16"));
    CHECK(watched.stage.sink.frames.empty());
}

TEST_CASE("v4l2: a driver that reports an error, or wakes in vain, is opened again", "[unit]") {
    Watched watched(make_webcam(), {.fps = 60}, 5s);
    watched.start_and_see();
    watched.camera->set(Does::error);
    CHECK_THAT(watched.why(), Catch::Contains("the driver reports an error and sends no more"));
    watched.see_again();
    watched.camera->set(Does::in_vain);
    CHECK_THAT(watched.why(), Catch::Contains("again and again that a picture is there"));
    watched.see_again();
}

TEST_CASE("v4l2: what cannot be opened says why and what to do", "[unit]") {
    const auto at_open = [](int error) { return why_not([=](FakeCamera& camera) { camera.errors[kOpen] = error; }); };
    CHECK(at_open(ENOENT) == kPath + ": there is no such device; is the camera plugged in?");
    CHECK(at_open(EACCES) == kPath + ": no permission to use it; the user of the gate must be in the group video");
    CHECK(at_open(ENOTTY) == kPath + ": this is no video device");
    CHECK(at_open(EBUSY) == kPath + ": used by another program; find it with: fuser -v " + kPath);
    CHECK(at_open(EMFILE) == kPath + ": open failed: Too many open files");

    const auto busy = why_not([](FakeCamera& camera) { camera.errors[VIDIOC_S_FMT] = EBUSY; });
    CHECK_THAT(busy, Catch::Contains("used by another program"));
    const auto bus = why_not([](FakeCamera& camera) { camera.errors[VIDIOC_STREAMON] = ENOSPC; });
    CHECK_THAT(bus, Catch::Contains("not enough room on the USB bus"));
    const auto cable = why_not([](FakeCamera& camera) { camera.errors[VIDIOC_STREAMON] = EPROTO; });
    CHECK_THAT(cable, Catch::Contains("(VIDIOC_STREAMON: Protocol error); check its cable"));
    const auto serial = why_not([](FakeCamera& camera) { camera.errors[VIDIOC_QUERYCAP] = ENOTTY; });
    CHECK_THAT(serial, Catch::Contains("this is no video device"));
}

TEST_CASE("v4l2: what is no camera, or sends nothing that is understood, says what it is", "[unit]") {
    const auto with = [](std::uint32_t capabilities) {
        return why_not([=](FakeCamera& camera) { camera.capabilities = capabilities; });
    };
    CHECK_THAT(with(V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING),
               Catch::Contains("Test Webcam gives no pictures here") && Catch::Contains("ends in -video-index0"));
    CHECK_THAT(with(V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING), Catch::Contains("in several planes"));
    CHECK_THAT(with(V4L2_CAP_VIDEO_OUTPUT), Catch::Contains("Test Webcam is no camera: it cannot capture video"));
    CHECK_THAT(with(V4L2_CAP_VIDEO_CAPTURE), Catch::Contains("cannot stream"));

    const auto bayer = why_not([](FakeCamera& camera) { camera.offers = {{V4L2_PIX_FMT_SGRBG8, "8-bit Bayer GRGR/BGBG", {}}}; });
    CHECK_THAT(bayer, Catch::Contains("it has GRBG (8-bit Bayer GRGR/BGBG); understood are MJPG, JPEG, YUYV and NV12"));
    const auto other = why_not([](FakeCamera& camera) { camera.given_fourcc = V4L2_PIX_FMT_H264; });
    CHECK_THAT(other, Catch::Contains("it sends H264 although another format was asked for"));
    const auto huge = why_not([](FakeCamera& camera) { camera.given = Size{1 << 20, 720}; });
    CHECK_THAT(huge, Catch::Contains("1048576x720 pixels, which cannot be"));
}

TEST_CASE("v4l2: a driver stuck while it opens is named, and costs one thread and never the loop", "[unit]") {
    auto camera = make_webcam();
    camera->wedge(VIDIOC_S_FMT);
    Watched watched(camera);
    watched.stage.supervisor.start();
    CHECK(watched.why() ==
          kPath +
              ": not open after 100ms: the driver does not come back from VIDIOC_S_FMT; unplug the camera and plug it "
              "in again");
    REQUIRE(
        watched.until_why("the driver still does not come back from VIDIOC_S_FMT; unplug the camera, and if that does not help"));
    CHECK(camera->ports() == 1);
    camera->release();
    REQUIRE(watched.stage.until_online());
    CHECK(camera->most_open_at_once() == 1);
}

TEST_CASE("v4l2: a driver stuck in mid-stream is named", "[unit]") {
    Watched watched;
    watched.start_and_see();
    watched.camera->wedge(VIDIOC_DQBUF);
    CHECK(watched.why() ==
          kPath +
              ": no picture for 100ms: the driver does not come back from VIDIOC_DQBUF; unplug the camera and plug it in again");
    watched.camera->release();
    watched.see_again();
}

TEST_CASE("v4l2: stopping and destroying do not wait for a driver that is stuck in closing", "[unit]") {
    auto camera = make_webcam();
    {
        Stage stage;
        v4l2_camera::Settings settings;
        settings.device = kPath;
        DeviceSettings device;
        device.id = DeviceId("front");
        const MakePort make = [camera]() -> Result<std::unique_ptr<VideoPort>> { return make_fake_port(camera); };
        REQUIRE(stage.supervisor.add(device, make_camera(device.id, settings, {.make = make})));
        stage.supervisor.start();
        REQUIRE(stage.until([&] { return !stage.sink.frames.empty(); }));
        camera->wedge(VIDIOC_STREAMOFF);
        const auto begin = std::chrono::steady_clock::now();
        stage.supervisor.stop();
        REQUIRE(stage.until([&] { return stage.supervisor.idle(); }));
        CHECK(std::chrono::steady_clock::now() - begin < 1s);
        REQUIRE(stage.until([&] { return camera->in_wedge(); }));
    }  // The supervisor, the device and the loop go, while the thread is still in the driver.
    CHECK(camera->ports() == 1);
    CHECK(camera->mapped() == 4);
    camera->release();
    const auto limit = std::chrono::steady_clock::now() + 5s;
    while (camera->ports() > 0 && std::chrono::steady_clock::now() < limit) std::this_thread::sleep_for(1ms);
    CHECK(camera->ports() == 0);
    CHECK(camera->mapped() == 0);
}

TEST_CASE("v4l2: the real port knows what is no video device", "[unit]") {
    auto port = make_linux_port();
    REQUIRE(port);
    CHECK((*port)->open("/dev/null") == ENOTTY);
    CHECK((*port)->open("/dev/no-such-camera") == ENOENT);
    (*port)->stop();
    CHECK((*port)->wait().is_stopped);
    CHECK((*port)->wait().is_stopped);  // For good.

    Stage stage;
    REQUIRE(stage.add("front", "{driver: v4l2_camera, device: /dev/null}"));
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return !stage.status().why.empty(); }));
    CHECK(stage.status().why == "/dev/null: this is no video device");
    CHECK_FALSE(stage.status().simulated);
}
