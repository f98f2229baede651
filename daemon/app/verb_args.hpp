#pragma once
/// Reading the arguments of a verb; the server has checked their types already.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/control/server.hpp"

namespace menshen::app {

class Args {
public:
    explicit Args(const control::Request& request) : json_(*request.args) {}
    [[nodiscard]] bool has(const char* key) const { return json_.contains(key); }
    [[nodiscard]] std::string text(const char* key) const { return json_.value(key, std::string()); }
    [[nodiscard]] bool flag(const char* key) const { return json_.value(key, false); }
    [[nodiscard]] std::uint32_t count(const char* key, std::uint32_t otherwise) const { return json_.value(key, otherwise); }
    [[nodiscard]] std::vector<std::string> texts(const char* key) const { return json_.value(key, std::vector<std::string>()); }
    [[nodiscard]] const nlohmann::json& object(const char* key) const { return json_.at(key); }

private:
    const nlohmann::json& json_;
};

}  // namespace menshen::app
