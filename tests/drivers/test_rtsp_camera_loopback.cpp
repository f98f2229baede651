// The whole driver against a server on loopback: libmenshen_rtsp.so, FFmpeg, real sockets.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "drivers/rtsp_camera/camera.hpp"
#include "drivers/rtsp_camera/load_stream.hpp"
#include "tests/drivers/rtsp_server.hpp"
#include "tests/drivers/stage.hpp"

using namespace menshen;
using namespace menshen::drivers;
using namespace menshen::drivers::rtsp_camera;
using menshen::test::Programme;
using menshen::test::RtspServer;

namespace {

struct Options {
    std::string path = "/stream1";
    std::string username, password;
    Transport transport = Transport::tcp;
    int longest_side = 1280;
    Millis limit{3000};
};

struct Camera {
    Stage stage;
    std::filesystem::path password_file;

    Camera(const std::string& url, const Options& options) {
        rtsp_camera::Settings settings;
        settings.url = *parse_url(url);
        settings.username = options.username;
        settings.transport = options.transport;
        settings.longest_side = options.longest_side;
        settings.fps = 30;
        if (!options.username.empty()) {
            password_file = std::filesystem::temp_directory_path() / ("menshen-rtsp-login-" + std::to_string(::getpid()));
            std::ofstream(password_file) << options.password << "\n";
            settings.password_file = password_file.string();
        }
        DeviceSettings device;
        device.id = DeviceId("front");
        device.driver = "rtsp_camera";
        auto built = make_camera(device.id, settings, {load_stream, options.limit, options.limit});
        REQUIRE(stage.supervisor.add(device, std::move(built)));
        stage.supervisor.start();
    }
    Camera(const RtspServer& server, const Options& options)
        : Camera("rtsp://127.0.0.1:" + std::to_string(server.port()) + options.path, options) {}
    explicit Camera(const RtspServer& server) : Camera(server, Options{}) {}
    ~Camera() {
        if (!password_file.empty()) std::filesystem::remove(password_file);
    }

    [[nodiscard]] bool until(const std::function<bool()>& holds) {
        for (int i = 0; i < 4; ++i)  // Stage gives five seconds; FFmpeg under sanitizers may want more.
            if (stage.until(holds)) return true;
        UNSCOPED_INFO("why: " << stage.status().why << ", online: " << stage.status().online);
        return false;
    }
    [[nodiscard]] bool until_frames(std::size_t more) {
        const auto wanted = stage.sink.frames.size() + more;
        return until([&] { return stage.sink.frames.size() >= wanted; });
    }
    [[nodiscard]] std::string why() {
        REQUIRE(until([&] { return !stage.status().why.empty(); }));
        return stage.status().why;
    }
    [[nodiscard]] const Frame& last() const { return stage.sink.frames.back(); }
    [[nodiscard]] std::uint64_t counter(const std::string& name) const { return stage.status().counters.at(name); }
};

struct Bgr {
    int b, g, r;
};

bool is_near(const Frame& frame, int x, int y, Bgr wanted) {
    const auto* pixel = frame.bytes->data() + 3 * (static_cast<std::ptrdiff_t>(y) * frame.width + x);
    INFO("pixel " << int{pixel[0]} << " " << int{pixel[1]} << " " << int{pixel[2]});
    const bool near =
        std::abs(pixel[0] - wanted.b) <= 4 && std::abs(pixel[1] - wanted.g) <= 4 && std::abs(pixel[2] - wanted.r) <= 4;
    CHECK(near);
    return near;
}

constexpr Bgr kRed{0, 0, 255}, kBlue{255, 0, 0}, kGreen{0, 255, 0};
constexpr test::Yuv kGreenYuv{145, 54, 34};

/// Of everything that was ever shown.
void check_colours(const Camera& camera) {
    for (const auto& frame : camera.stage.sink.frames)
        if (!is_near(frame, 8, 24, kRed) || !is_near(frame, 56, 24, kBlue)) break;
}

}  // namespace

TEST_CASE("pictures come from an RTSP server with the right colours", "[rtsp]") {
    const auto transport = GENERATE(Transport::tcp, Transport::udp);
    CAPTURE(static_cast<int>(transport));
    RtspServer server;
    Camera camera(server, {.transport = transport});
    REQUIRE(camera.until_frames(10));
    CHECK(camera.last().width == 64);
    CHECK(camera.last().height == 48);
    CHECK(camera.last().bytes->size() == 64 * 48 * 3);
    is_near(camera.last(), 8, 24, kRed);
    is_near(camera.last(), 56, 24, kBlue);
    CHECK(camera.counter("connections") == 1);
    CHECK(camera.counter("damaged") == 0);
    CHECK(camera.stage.status().failures == 0);
    CHECK(server.audio_setups == 0);

    server.change([](Programme& p) { p.left = kGreenYuv; });
    REQUIRE(camera.until_frames(15));
    is_near(camera.last(), 8, 24, kGreen);
}

TEST_CASE("large pictures are scaled down", "[rtsp]") {
    RtspServer server;
    server.change([](Programme& p) {
        p.width = 1920;
        p.height = 1088;
        p.whole_every = 50;
    });
    Camera camera(server, {.longest_side = 640, .limit = 10s});
    REQUIRE(camera.until_frames(3));
    CHECK(camera.last().width == 640);
    CHECK(camera.last().height == 363);
    is_near(camera.last(), 100, 200, kRed);
    is_near(camera.last(), 540, 200, kBlue);
}

TEST_CASE("the resolution may change in the middle", "[rtsp]") {
    RtspServer server;
    Camera camera(server);
    REQUIRE(camera.until_frames(3));
    server.change([](Programme& p) {
        p.width = 128;
        p.height = 96;
        std::swap(p.left, p.right);
    });
    REQUIRE(camera.until([&] { return camera.last().width == 128; }));
    REQUIRE(camera.until_frames(3));
    CHECK(camera.last().height == 96);
    is_near(camera.last(), 16, 48, kBlue);
    is_near(camera.last(), 112, 48, kRed);
    CHECK(camera.counter("resolution_changes") == 1);
    CHECK(camera.counter("connections") == 1);
}

TEST_CASE("a login is given as the camera asks for it", "[rtsp]") {
    const bool digest = GENERATE(true, false);
    const std::string password = "p@ss:w/o?rd %#[]ö";
    CAPTURE(digest);
    RtspServer server;
    server.change([&](Programme& p) {
        p.username = "gate keeper";
        p.password = password;
        p.digest = digest;
    });
    Camera camera(server, {.username = "gate keeper", .password = password});
    REQUIRE(camera.until_frames(3));
    CHECK(server.wrong_logins == 0);
}

TEST_CASE("a login as long as there is room for is given whole", "[rtsp]") {
    const std::string password(122, 'x');  // With "gate:" 127 bytes.
    RtspServer server;
    server.change([&](Programme& p) {
        p.username = "gate";
        p.password = password;
    });
    Camera camera(server, {.username = "gate", .password = password});
    CHECK(camera.until_frames(1));
}

TEST_CASE("a wrong password is told, tried once, and never shown", "[rtsp]") {
    RtspServer server;
    server.change([](Programme& p) {
        p.username = "gate";
        p.password = "right";
    });
    Camera camera(server, {.username = "gate", .password = "s3cr3t"});
    CHECK_THAT(camera.why(), Catch::Contains("refuses the user name or the password (401)") && !Catch::Contains("s3cr3t"));
    REQUIRE(camera.until([&] { return camera.stage.status().restarts >= 4; }));
    CHECK(server.wrong_logins == 1);
    CHECK_THAT(camera.why(), Catch::Contains("only every 5m") && !Catch::Contains("s3cr3t"));
}

TEST_CASE("a camera that asks for a login nobody gave says which keys to set", "[rtsp]") {
    RtspServer server;
    server.change([](Programme& p) { p.username = "gate"; });
    Camera camera(server);
    CHECK_THAT(camera.why(), Catch::Contains("asks for a login (401); set username and password_file"));
}

TEST_CASE("what is wrong with a camera is told with the remedy", "[rtsp]") {
    RtspServer server;
    SECTION("a wrong path") {
        Camera camera(server, {.path = "/nothing"});
        CHECK_THAT(camera.why(), Catch::Contains("has no stream /nothing (404)"));
    }
    SECTION("only audio") {
        server.change([](Programme& p) { p.media = Programme::Media::audio_only; });
        Camera camera(server);
        CHECK_THAT(camera.why(), Catch::Contains("has no video, only audio PCMA"));
    }
    SECTION("a codec nobody knows") {
        server.change([](Programme& p) { p.media = Programme::Media::unknown_codec; });
        Camera camera(server);
        CHECK_THAT(camera.why(), Catch::Contains("its video is H299") && Catch::Contains("H.264"));
    }
    SECTION("another transport") {
        server.change([](Programme& p) { p.refuse_setup = "461 Unsupported Transport"; });
        Camera camera(server);
        CHECK_THAT(camera.why(), Catch::Contains("461") && Catch::Contains("set transport: udp"));
    }
    SECTION("a web server") {
        server.change([](Programme& p) { p.raw_answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"; });
        Camera camera(server);
        CHECK_THAT(camera.why(), Catch::Contains("is a web server, not an RTSP server"));
    }
    SECTION("something else") {
        server.change([](Programme& p) { p.raw_answer = "220 mail.example ESMTP ready, good morning\r\n"; });
        Camera camera(server);
        CHECK_THAT(camera.why(), Catch::Contains("does not speak RTSP"));
    }
    SECTION("nobody says anything") {
        server.change([](Programme& p) { p.mute = true; });
        Camera camera(server, {.limit = 500ms});
        CHECK_THAT(camera.why(), Catch::Contains("no answer in 500ms while connecting"));
    }
    SECTION("more than 8K") {
        server.change([](Programme& p) {
            p.play = Programme::Play::only_repeats;
            p.width = p.height = 8192;
        });
        Camera camera(server);
        CHECK_THAT(camera.why(), Catch::Contains("8192x8192 pixels") && Catch::Contains("8K"));
    }
    CHECK(true);
}

TEST_CASE("nothing listens, and a name that is not known", "[rtsp]") {
    std::string url;
    {
        const RtspServer gone;
        url = gone.url();
    }
    Camera refused(url, {});
    CHECK_THAT(refused.why(), Catch::Contains("nothing listens there"));
    Camera unknown("rtsp://camera.invalid/stream1", {.limit = 20s});
    CHECK_THAT(unknown.why(), Catch::Contains("the name camera.invalid is not known"));
}

TEST_CASE("a stall ends the connection, and it comes back", "[rtsp]") {
    RtspServer server;
    Camera camera(server, {.limit = 700ms});
    REQUIRE(camera.until_frames(3));
    server.change([](Programme& p) { p.play = Programme::Play::nothing; });
    CHECK_THAT(camera.why(), Catch::Contains("no picture for 700ms"));
    server.change([](Programme& p) { p.play = Programme::Play::pictures; });
    REQUIRE(camera.until([&] { return camera.stage.status().online; }));
    REQUIRE(camera.until_frames(3));
    CHECK(camera.counter("connections") >= 2);
    CHECK(server.goodbyes >= 1);
}

TEST_CASE("a server that goes away is connected to again when it is back", "[rtsp]") {
    RtspServer server;
    Camera camera(server);
    REQUIRE(camera.until_frames(3));
    server.change([](Programme& p) { p.play = Programme::Play::hang_up; });
    REQUIRE(camera.until([&] { return !camera.stage.status().online && camera.stage.status().restarts > 2; }));
    CHECK_FALSE(camera.stage.status().why.empty());
    server.change([](Programme& p) { p.play = Programme::Play::pictures; });
    REQUIRE(camera.until([&] { return camera.stage.status().online; }));
    CHECK(camera.until_frames(3));
}

TEST_CASE("garbage is counted and never shown, and then the connection is made anew", "[rtsp]") {
    RtspServer server;
    Camera camera(server);
    REQUIRE(camera.until_frames(3));
    server.change([](Programme& p) {
        p.play = Programme::Play::garbage;
        p.pictures_per_s = 100;
    });
    REQUIRE(camera.until([&] { return !camera.stage.status().online; }));
    CHECK(camera.counter("damaged") + camera.counter("library_complaints") > 0);
    server.change([](Programme& p) { p.play = Programme::Play::pictures; });
    REQUIRE(camera.until([&] { return camera.stage.status().online; }));
    REQUIRE(camera.until_frames(3));
    check_colours(camera);
}

TEST_CASE("pictures with lost packets, and those that refer to them, are not shown", "[rtsp]") {
    const auto transport = GENERATE(Transport::tcp, Transport::udp);
    CAPTURE(static_cast<int>(transport));
    RtspServer server;
    server.change([](Programme& p) { p.lose_every = 13; });
    Camera camera(server, {.transport = transport});
    REQUIRE(camera.until([&] {
        server.change([](Programme& p) { std::swap(p.left, p.right); });
        return camera.counter("library_complaints") >= 10 && camera.stage.sink.frames.size() >= 5;
    }));
    CHECK(camera.counter("connections") == 1);
    for (const auto& frame : camera.stage.sink.frames) {
        // Of one picture: half red, half blue. A hole shows the picture before, or grey.
        const bool is_red = frame.bytes->at(2) > 200;
        bool fits = true;
        for (int y = 0; y < frame.height && fits; ++y)
            fits = is_near(frame, 8, y, is_red ? kRed : kBlue) && is_near(frame, 56, y, is_red ? kBlue : kRed);
        if (!fits) break;
    }
}

// By UDP: FFmpeg does not look for gaps within the connection, where only the camera itself could leave something out.
TEST_CASE("pictures that refer to one that was lost as a whole are not shown", "[rtsp]") {
    RtspServer server;
    Camera camera(server, {.transport = Transport::udp, .limit = 1s});
    REQUIRE(camera.until_frames(3));
    server.change([](Programme& p) { p.lose_whole = true; });
    CHECK_THAT(camera.why(), Catch::Contains("no picture for 1s; UDP may be lost"));
}

TEST_CASE("noise between the packets of a connection is survived", "[rtsp]") {
    RtspServer server;
    Camera camera(server, {.limit = 1s});
    REQUIRE(camera.until_frames(3));
    server.change([](Programme& p) { p.play = Programme::Play::noise; });
    REQUIRE(camera.until([&] { return !camera.stage.status().online; }));
    server.change([](Programme& p) { p.play = Programme::Play::pictures; });
    REQUIRE(camera.until([&] { return camera.stage.status().online; }));
    REQUIRE(camera.until_frames(3));
    check_colours(camera);
}

TEST_CASE("a library that is not there or is another one is named", "[rtsp]") {
    const auto none = load_stream_from("/nonexistent/libmenshen_rtsp.so", {});
    REQUIRE_FALSE(none);
    CHECK_THAT(none.error().message, Catch::Contains("cannot be loaded") && Catch::Contains("libavformat59"));
    const auto other = load_stream_from("libc.so.6", {});
    REQUIRE_FALSE(other);
    CHECK_THAT(other.error().message, Catch::Contains("is not menshen's RTSP library"));
}
