// The keys of a USB camera, and the examples of docs/cameras.md.
#include <fstream>
#include <sstream>

#include "drivers/v4l2_camera/settings.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers;

namespace {

struct Read {
    std::optional<DeviceSettings> device;
    Problems problems;
};

Read read(const std::string& yaml) {
    Read result;
    const auto node = parse_document("gate.yaml", yaml, result.problems);
    REQUIRE(node);
    result.device = read_device(DeviceId("front"), *node, "gate.yaml", "devices.front", result.problems);
    return result;
}

std::string complaint(const std::string& keys) {
    const auto result = read("driver: v4l2_camera\n" + keys);
    CHECK_FALSE(result.device);
    return result.problems.text();
}

const v4l2_camera::Settings& own(const Read& result) {
    INFO(result.problems.text());
    REQUIRE(result.device);
    return dynamic_cast<const v4l2_camera::Settings&>(*result.device->settings);
}

/// The blocks between ```yaml and ```.
std::vector<std::string> examples_in(const std::string& file) {
    std::ifstream in(std::string(MENSHEN_SOURCE_DIR) + "/" + file);
    REQUIRE(in);
    std::vector<std::string> examples;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line == "```yaml") {
            examples.emplace_back();
            inside = true;
        } else if (line == "```") {
            inside = false;
        } else if (inside) {
            examples.back() += line + "\n";
        }
    }
    return examples;
}

}  // namespace

TEST_CASE("the settings of a v4l2 camera", "[unit]") {
    const auto least = read("{driver: v4l2_camera, device: /dev/v4l/by-id/usb-046d_C270-video-index0}");
    CHECK(own(least).device == "/dev/v4l/by-id/usb-046d_C270-video-index0");
    CHECK(own(least).wish.size == v4l2_camera::Size{1280, 720});
    CHECK(own(least).wish.fps == 15);
    CHECK_FALSE(own(least).wish.encoding);
    CHECK(least.device->abilities.frames);
    CHECK_FALSE(least.device->simulated);
    CHECK(least.problems.all().empty());

    const auto all = read("{driver: v4l2_camera, device: /dev/video2, size: 640x480, fps: 30, format: nv12}");
    CHECK(own(all).wish.size == v4l2_camera::Size{640, 480});
    CHECK(own(all).wish.fps == 30);
    CHECK(own(all).wish.encoding == v4l2_camera::Encoding::nv12);
    CHECK_FALSE(own(read("{driver: v4l2_camera, device: /dev/video2, format: auto}")).wish.encoding);
}

TEST_CASE("mistakes in the settings of a v4l2 camera are told at their place", "[unit]") {
    CHECK_THAT(complaint("fps: 15\n"), Catch::Contains("devices.front.device"));
    CHECK(complaint("device: video0\n") ==
          "gate.yaml:2:9: devices.front.device must be a name below /dev/, best one of /dev/v4l/by-id/, got \"video0\"\n");
    CHECK_THAT(complaint("device: /dev/../etc/passwd\n"), Catch::Contains("must be a name below /dev/"));
    CHECK_THAT(complaint("device: /dev/\n"), Catch::Contains("must be a name below /dev/"));
    for (const auto* size :
         {"1280", "1280x", "x720", "1280x720x3", "1280*720", "159x120", "4000x2160", "-640x480", "\"640 x 480\""})
        CHECK_THAT(complaint(std::string("device: /dev/video0\nsize: ") + size + "\n"),
                   Catch::Contains(
                       "gate.yaml:3:7: devices.front.size must be WIDTHxHEIGHT such as 1280x720, from 160x120 to 3840x2160"));
    CHECK_THAT(complaint("device: /dev/video0\nfps: 0\n"), Catch::Contains("devices.front.fps"));
    CHECK_THAT(complaint("device: /dev/video0\nformat: h264\n"), Catch::Contains("(one of: auto, mjpeg, yuyv, nv12)"));
    CHECK_THAT(complaint("device: /dev/video0\nrotate: 90\n"), Catch::Contains("devices.front.rotate"));
}

TEST_CASE("the devices in the examples of docs/cameras.md are right", "[unit]") {
    const auto examples = examples_in("docs/cameras.md");
    int cameras = 0;
    for (const auto& example : examples) {
        INFO(example);
        Problems problems;
        const auto node = parse_document("cameras.md", example, problems);
        REQUIRE(node);
        const auto* devices = node->find("devices");
        REQUIRE(devices != nullptr);
        for (const auto& entry : devices->entries) {
            const auto device = read_device(DeviceId(entry.key), entry.value, "cameras.md", "devices." + entry.key, problems);
            INFO(problems.text());
            CHECK(device);
            if (device && device->driver == "v4l2_camera") ++cameras;
        }
    }
    CHECK(cameras >= 2);
}
