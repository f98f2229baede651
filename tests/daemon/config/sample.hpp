#pragma once

#include <string>

#include "daemon/config/config.hpp"
#include "tests/support/catch.hpp"

namespace menshen::config {

inline const std::string kHead = R"(site: tianlin-12
gate: gate-3
zone: Asia/Shanghai
)";

inline const std::string kDevices = R"(devices:
  front-in: {driver: wiegand, source: simulated, formats: [H10301, UID34]}
  front-camera: {driver: picture_camera}
  front-lock: {driver: simulated, lock: true}
  front-contact: {driver: simulated, lines: [contact]}
  gate-fire: {driver: simulated, lines: [fire]}
)";

inline const std::string kDoors = R"(doors:
  front:
    name: {zh: 大门, en: Front door}
    readers: {in: [front-in, front-camera]}
    lock: front-lock
    contact: front-contact
    fire: gate-fire
    mode: card_or_face
)";

/// What went wrong, one line for each problem.
inline std::string problems_of(const std::string& text) {
    Problems problems;
    const auto config = read_config_text("gate.yaml", text, problems);
    CHECK(config.has_value() == !problems.has_errors());
    return problems.text();
}

inline Config config_of(const std::string& text, const std::string& file = "/etc/menshen/gate.yaml") {
    Problems problems;
    auto config = read_config_text(file, text, problems);
    CAPTURE(problems.text());
    REQUIRE(config);
    return *config;
}

}  // namespace menshen::config
