#pragma once
/// From bytes to a checked request: the part of the protocol that needs no socket.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/control/server.hpp"

namespace menshen::control {

/// Why a request goes no further.
struct Refusal {
    Code code = Code::bad_request;
    std::string message;
};

/// A line that holds together and a verb that this peer may ask for.
struct Call {
    const Verb* verb = nullptr;
    Request request;
};

/// Reads one line. `descriptors` are the files that came with it; they are consumed whatever the outcome.
[[nodiscard]] tl::expected<Call, Refusal> read_request(std::string_view line, std::vector<Descriptor> descriptors,
                                                       const std::vector<Verb>& verbs, const Peer& peer, const Limits& limits);

/// Takes a file after checking that it is sealed memory within the limit.
[[nodiscard]] Result<Attachment> accept_attachment(std::string name, Descriptor descriptor, std::size_t limit);

[[nodiscard]] std::string ok_line(std::string_view result_json);
[[nodiscard]] std::string fail_line(Code code, std::string_view message);
[[nodiscard]] std::string item_line(std::string_view item_json);
/// The bytes of a value on one line; text that is no UTF-8 is mended, since it may be a person's name from anywhere.
[[nodiscard]] std::string to_line(const nlohmann::json& value);

}  // namespace menshen::control
