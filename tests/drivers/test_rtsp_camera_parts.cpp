#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "drivers/driver.hpp"
#include "drivers/rtsp_camera/camera_url.hpp"
#include "drivers/rtsp_camera/frame_pacing.hpp"
#include "drivers/rtsp_camera/keeping_up.hpp"
#include "drivers/rtsp_camera/picture_trust.hpp"
#include "drivers/rtsp_camera/refused_login.hpp"
#include "drivers/rtsp_camera/session_media.hpp"
#include "drivers/rtsp_camera/settings.hpp"
#include "drivers/rtsp_camera/stream_watch.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers;
using namespace menshen::drivers::rtsp_camera;
namespace fs = std::filesystem;

namespace {

struct Read {
    std::optional<DeviceSettings> device;
    std::string problems;
    [[nodiscard]] const rtsp_camera::Settings& own() const {
        return dynamic_cast<const rtsp_camera::Settings&>(*device->settings);
    }
};

Read read(const std::string& keys) {
    Problems problems;
    const auto node = parse_document("gate.yaml", "driver: rtsp_camera\n" + keys, problems);
    REQUIRE(node);
    Read result;
    result.device = read_device(DeviceId("front"), *node, "gate.yaml", "devices.front", problems);
    result.problems = problems.text();
    return result;
}

std::string complaint_about_url(const std::string& text) {
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    return url.error().message;
}

}  // namespace

TEST_CASE("an RTSP URL is taken apart", "[unit]") {
    const auto plain = parse_url("rtsp://10.0.0.9/Streaming/Channels/102?transportmode=unicast");
    REQUIRE(plain);
    CHECK(plain->host == "10.0.0.9");
    CHECK(plain->port == 554);
    CHECK(plain->path == "/Streaming/Channels/102?transportmode=unicast");
    CHECK(plain->name() == "10.0.0.9:554");
    CHECK_FALSE(plain->has_place_for_password());

    CHECK(parse_url("RTSP://cam-1.gate.lan:8554")->port == 8554);
    CHECK(parse_url("rtsp://cam?x=1")->path == "/?x=1");
    const auto six = parse_url("rtsp://[fe80::1]:8554/a");
    REQUIRE(six);
    CHECK(six->host == "fe80::1");
    CHECK(six->name() == "[fe80::1]:8554");
    CHECK(url_with_login(*six, {}) == "rtsp://[fe80::1]:8554/a");
    CHECK(parse_url("rtsp://cam/live@2")->path == "/live@2");
}

TEST_CASE("what is no RTSP URL is refused in words", "[unit]") {
    CHECK_THAT(complaint_about_url("http://10.0.0.9/"), Catch::Contains("must begin with rtsp://"));
    CHECK_THAT(complaint_about_url(""), Catch::Contains("must begin with rtsp://"));
    CHECK_THAT(complaint_about_url("rtsp:///stream"), Catch::Contains("host name or an address"));
    CHECK_THAT(complaint_about_url("rtsp://cam:70000/"), Catch::Contains("from 1 to 65535"));
    CHECK_THAT(complaint_about_url("rtsp://cam:/"), Catch::Contains("from 1 to 65535"));
    CHECK_THAT(complaint_about_url("rtsp://cam:55x4/"), Catch::Contains("from 1 to 65535"));
    CHECK_THAT(complaint_about_url("rtsp://[::1/a"), Catch::Contains("IPv6"));
    CHECK_THAT(complaint_about_url("rtsp://[::1]x/a"), Catch::Contains("no port"));
    CHECK_THAT(complaint_about_url("rtsp://cam/a b"), Catch::Contains("%20"));
    CHECK_THAT(complaint_about_url("rtsp://cam/a\r\nX: y"), Catch::Contains("no blank"));
    CHECK_THAT(complaint_about_url("rtsp://cam/" + std::string(kLongestUrl, 'a')), Catch::Contains("it may have 900"));
}

TEST_CASE("a login in the URL is refused with the remedy and without repeating it", "[unit]") {
    const auto text = GENERATE(as<std::string>(), "rtsp://admin:s3cr3t@10.0.0.9/stream", "rtsp://s3cr3t@10.0.0.9/stream",
                               "rtsp://10.0.0.9/user=admin_password=s3cr3t_channel=1", "rtsp://10.0.0.9/x?PWD=s3cr3t",
                               "rtsp://10.0.0.9/x?a=1&psw=s3cr3t&b=2", "rtsp://10.0.0.9/x?password={password}&pass=s3cr3t");
    CAPTURE(text);
    const auto complaint = complaint_about_url(text);
    CHECK_THAT(complaint, Catch::Contains("password_file"));
    CHECK_THAT(complaint, !Catch::Contains("s3cr3t"));
}

TEST_CASE("words that only look like a password stay", "[unit]") {
    CHECK(parse_url("rtsp://cam/x?bypass=1"));
    CHECK(parse_url("rtsp://cam/user={username}_password={password}_channel=1")->has_place_for_password());
    CHECK(parse_url("rtsp://cam/user=admin&password=&channel=1"));
}

TEST_CASE("the login goes into the URL with every odd letter escaped", "[unit]") {
    const auto plain = *parse_url("rtsp://cam:8554/a?b=1");
    CHECK(url_with_login(plain, {}) == "rtsp://cam:8554/a?b=1");
    CHECK(url_with_login(plain, {"admin", "p@ss:w/o?r#d %"}) == "rtsp://admin:p%40ss%3Aw%2Fo%3Fr%23d%20%25@cam:8554/a?b=1");
    const auto placed = *parse_url("rtsp://cam/user={username}_password={password}_channel=1");
    CHECK(url_with_login(placed, {"admin", "a_b&c"}) == "rtsp://cam:554/user=admin_password=a_b%26c_channel=1");

    CHECK(url_with_login(plain, {"u", std::string(125, 'x')}));
    const auto long_one = url_with_login(plain, {"u", std::string(126, 'x')});
    REQUIRE_FALSE(long_one);
    CHECK_THAT(long_one.error().message, Catch::Contains("128 bytes") && Catch::Contains("room for 127"));
    CHECK_FALSE(url_with_login(plain, {"a:b", "c"}));
}

TEST_CASE("text of the library comes out without the password, on one line, and short", "[unit]") {
    const std::string password = "p@ss wörd";
    const auto url = *url_with_login(*parse_url("rtsp://cam/a"), {"admin", password});
    for (const auto& text : {"cannot open " + url, "login " + password + " refused", "GET rtsp://x:y@cam/a then " + url}) {
        const auto out = cleaned(text, password);
        CAPTURE(text, out);
        CHECK_THAT(out, !Catch::Contains("wörd") && !Catch::Contains("w%C3%B6rd") && !Catch::Contains("admin") &&
                            !Catch::Contains("x:y"));
    }
    CHECK(cleaned("no rtsp://cam/user=a_password=p%40ss%20w%C3%B6rd_channel=1", password) ==
          "no rtsp://cam/user=a_password=***_channel=1");
    CHECK(cleaned("cannot open rtsp://admin:pw@cam:554/a@b", "pw") == "cannot open rtsp://cam:554/a@b");
    CHECK(cleaned("method DESCRIBE failed: 404 Not Found\r\n", "") == "method DESCRIBE failed: 404 Not Found");
    CHECK(cleaned("a\x1b[31mb\nc", "") == "a [31mb c");
    CHECK(cleaned(std::string(500, 'a'), "").size() == 203);
    CHECK(cleaned(std::string(199, 'a') + "ö", "") == std::string(199, 'a') + "...");
    CHECK(cleaned("***", "*") == "*********");
}

TEST_CASE("as many pictures are handed on as are wanted, whatever comes", "[unit]") {
    struct Case {
        int fps, sent, least, most;
    };
    const auto c = GENERATE(Case{10, 25, 99, 101}, Case{10, 10, 100, 100}, Case{15, 30, 149, 151}, Case{10, 5, 50, 50},
                            Case{30, 25, 250, 250}, Case{1, 60, 10, 11}, Case{7, 25, 69, 71});
    CAPTURE(c.fps, c.sent);
    FramePacing pacing(c.fps);
    int handed = 0;
    for (int i = 0; i < 10 * c.sent; ++i) {
        const int jitter = (i + 2) % 3 * 2'000;  // The first is late, so that the next seems early.
        if (pacing.is_due(FramePacing::Time(1'000'000LL * i / c.sent + jitter))) ++handed;
    }
    CHECK(handed >= c.least);
    CHECK(handed <= c.most);
}

TEST_CASE("after a gap nothing is caught up", "[unit]") {
    FramePacing pacing(10);
    CHECK(pacing.is_due(0s));
    CHECK(pacing.is_due(60s));
    int handed = 0;
    for (int i = 1; i <= 20; ++i)
        if (pacing.is_due(60s + i * 10ms)) ++handed;
    CHECK(handed <= 2);
}

TEST_CASE("pictures nobody refers to are passed over only when far more come than are wanted", "[unit]") {
    const auto run = [](int fps, int sent, std::chrono::seconds length) {
        FramePacing pacing(fps);
        for (int i = 0; i < sent * length.count(); ++i) pacing.on_packet(FramePacing::Time(1'000'000LL * i / sent));
        return pacing.references_will_do();
    };
    CHECK_FALSE(run(10, 25, 10s));
    CHECK(run(5, 25, 10s));
    CHECK(run(10, 60, 10s));
    CHECK_FALSE(run(5, 25, 1s));  // Not measured yet.
}

TEST_CASE("who never waits for a packet is behind until one has to be waited for", "[unit]") {
    struct Reading {
        KeepingUp keeping_up;
        KeepingUp::Time now{5s};
        void packets(int count, KeepingUp::Time wait, KeepingUp::Time work) {
            for (int i = 0; i < count; ++i) keeping_up.on_packet(wait, now += wait + work);
        }
    };
    Reading quick;
    quick.packets(500, 35ms, 5ms);
    CHECK_FALSE(quick.keeping_up.is_behind());

    Reading busy;  // Nine tenths of a core, but in time.
    busy.packets(500, 4ms, 36ms);
    CHECK_FALSE(busy.keeping_up.is_behind());

    Reading slow;
    slow.packets(15, 1ms, 60ms);  // Less than a second: a burst.
    CHECK_FALSE(slow.keeping_up.is_behind());
    slow.packets(5, 1ms, 60ms);
    CHECK(slow.keeping_up.is_behind());
    slow.packets(300, 200us, 100us);  // What had piled up is passed over.
    CHECK(slow.keeping_up.is_behind());
    slow.packets(1, 20ms, 0ms);
    CHECK_FALSE(slow.keeping_up.is_behind());
    slow.packets(15, 1ms, 60ms);
    CHECK_FALSE(slow.keeping_up.is_behind());
    slow.packets(5, 1ms, 60ms);
    CHECK(slow.keeping_up.is_behind());
}

TEST_CASE("what follows on a loss is not whole until a key picture begins anew", "[unit]") {
    using Kind = PictureTrust::Kind;
    PictureTrust trust;
    trust.on_read();
    CHECK(trust.is_whole(Kind::other));
    trust.on_damage();
    trust.on_read();
    CHECK_FALSE(trust.is_whole(Kind::other));
    trust.on_read();
    CHECK(trust.is_whole(Kind::key));
    CHECK(trust.is_whole(Kind::other));

    trust.on_read();
    trust.on_loss();
    CHECK_FALSE(trust.is_whole(Kind::key));  // The loss may be of this very picture, or
    trust.on_read();
    CHECK_FALSE(trust.is_whole(Kind::key));  // of this one.
    trust.on_read();
    CHECK_FALSE(trust.is_whole(Kind::other));
    CHECK(trust.is_whole(Kind::key));
    CHECK(trust.is_whole(Kind::other));
}

TEST_CASE("pictures are scaled to the longer side and to square pixels", "[unit]") {
    CHECK(shown_size({1920, 1080}, 1280) == ShownSize{1280, 720});
    CHECK(shown_size({1080, 1920}, 1280) == ShownSize{720, 1280});
    CHECK(shown_size({640, 480}, 1280) == ShownSize{640, 480});
    CHECK(shown_size({704, 288, 2.0}, 1280) == ShownSize{1280, 262});
    CHECK(shown_size({352, 288, 12.0 / 11}, 1280) == ShownSize{384, 288});
    CHECK(shown_size({640, 480, 900.0}, 1280) == ShownSize{640, 480});
    CHECK(shown_size({8192, 1}, 1280) == ShownSize{1280, 1});
}

TEST_CASE("a refused login rests, another one does not", "[unit]") {
    RefusedLogin refused;
    const RefusedLogin::Time now{1000s};
    CHECK_FALSE(refused.must_rest("a", now));
    refused.refused("a", now);
    CHECK(refused.must_rest("a", now + 299s));
    CHECK_FALSE(refused.must_rest("a", now + 300s));
    CHECK_FALSE(refused.must_rest("b", now + 1s));
    refused.accepted();
    CHECK_FALSE(refused.must_rest("a", now + 1s));
}

TEST_CASE("a session description says what a camera offers", "[unit]") {
    const std::string text =
        "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nm=audio 0 RTP/AVP 8\r\na=control:a\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:97 NO/1\r\n"
        "a=rtpmap:96 H266/90000\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n";
    CHECK(session_media(text).video == "H266");
    CHECK(session_media(text).others == "audio PCMA, application vnd.onvif.metadata");
    CHECK(session_media("m=video 0 RTP/AVP 26\n").video == "JPEG");
    CHECK(session_media("m=video 0 RTP/AVP 34\n").video == "payload type 34");
    CHECK(session_media("").video.empty());
    CHECK(session_media("m=\nm=video\na=rtpmap:\nm=v\x01\xFFx y z\n").others.find('\x01') == std::string::npos);
    for (std::size_t size = 0; size <= text.size(); ++size) (void)session_media(std::string_view(text).substr(0, size));
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "m=audio 0 RTP/AVP 99\na=rtpmap:99 " + std::string(1000, 'x') + "\n";
    CHECK(session_media(many).others.size() < 400);
}

TEST_CASE("the settings of an RTSP camera", "[unit]") {
    const auto least = read("url: rtsp://10.0.0.9/stream1\n");
    INFO(least.problems);
    REQUIRE(least.device);
    CHECK(least.problems.empty());
    CHECK(least.device->abilities.frames);
    CHECK_FALSE(least.device->abilities.lock);
    CHECK_FALSE(least.device->simulated);
    CHECK(least.own().transport == Transport::tcp);
    CHECK(least.own().fps == 10);
    CHECK(least.own().longest_side == 1280);

    const auto all = read(
        "url: rtsp://10.0.0.9/stream1\nusername: gate\npassword_file: /dev/null\ntransport: udp\nfps: 5\nlongest_side: 960\n");
    INFO(all.problems);
    REQUIRE(all.device);
    CHECK(all.own().username == "gate");
    CHECK(all.own().password_file == "/dev/null");
    CHECK(all.own().transport == Transport::udp);
    CHECK(all.own().fps == 5);
    CHECK(all.own().longest_side == 960);
}

TEST_CASE("mistakes of an RTSP camera's settings are told at their places", "[unit]") {
    CHECK_THAT(read("fps: 5\n").problems, Catch::Contains("devices.front.url is missing"));
    CHECK_THAT(read("url: rtsp://cam/\nfps: 60\n").problems, Catch::Contains("gate.yaml:3:6: devices.front.fps must be"));
    CHECK_THAT(read("url: rtsp://cam/\ntransport: tpc\n").problems, Catch::Contains("did you mean \"tcp\"?"));
    CHECK_THAT(read("url: rtsp://cam/\npassword_file: /dev/null\n").problems, Catch::Contains("needs a username beside it"));
    CHECK_THAT(read("url: rtsp://cam/\nusername: a:b\n").problems, Catch::Contains("may hold no colon"));
    CHECK_THAT(read("url: rtsp://cam/p={password}\n").problems, Catch::Contains("password_file must be given"));
    CHECK_THAT(read("url: rtsp://cam/\nusername: a\npassword_file: not-there.txt\n").problems, Catch::Contains("warning"));

    const auto secret = read("url: rtsp://admin:s3cr3t@cam/\n");
    CHECK_FALSE(secret.device);
    CHECK_THAT(secret.problems, Catch::Contains("gate.yaml:2:6: devices.front.url holds a user name or a password"));
    CHECK_THAT(secret.problems, !Catch::Contains("s3cr3t"));
    const auto own_key = read("url: rtsp://cam/\nusername: a\npassword: s3cr3t\n");
    CHECK_FALSE(own_key.device);
    CHECK_THAT(own_key.problems, Catch::Contains("password_file") && !Catch::Contains("s3cr3t"));
}

TEST_CASE("a password is the first line of its file", "[unit]") {
    const auto folder = fs::temp_directory_path() / ("menshen-rtsp-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    const auto put = [&](const std::string& bytes) {
        std::ofstream(folder / "password", std::ios::binary) << bytes;
        return read_password((folder / "password").string());
    };
    CHECK(put("secret\n") == "secret");
    CHECK(put("secret") == "secret");
    CHECK(put(" se cret \r\nmore\n") == " se cret ");
    CHECK(put(std::string(1024, 'x') + "\n")->size() == 1024);
    CHECK_THAT(put("").error().message, Catch::Contains("is empty"));
    CHECK_THAT(put("\nsecret\n").error().message, Catch::Contains("is empty"));
    CHECK_THAT(put(std::string(1025, 'x')).error().message, Catch::Contains("1024"));
    CHECK_THAT(read_password((folder / "none").string()).error().message, Catch::Contains("cannot be read"));
    CHECK_THAT(read_password(folder.string()).error().message, Catch::Contains("plain file"));
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK_THAT(read_password((folder / "pipe").string()).error().message, Catch::Contains("plain file"));
    fs::remove_all(folder);
}
