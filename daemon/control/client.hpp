#pragma once
/// The blocking side of the control socket, for the command line. Not for the daemon's loop.

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace menshen::control {

/// Why there is no answer at all. (An answer that says no is an Answer.)
struct Failure {
    enum class Why : std::uint8_t {
        unreachable,    ///< No socket, nobody listens, or the connection broke.
        not_permitted,  ///< The socket's file mode keeps this user out.
        local,          ///< A photograph that cannot be read, a request that is too large.
    };
    Why why = Why::unreachable;
    std::string message;  ///< Names the socket or file, and the remedy.
};

struct Answer {
    bool ok = false;
    std::string result;   ///< JSON text when ok.
    std::string code;     ///< "not_found", ... when not.
    std::string message;  ///< When not ok.
};

/// A file to go with a request. Its bytes are copied into sealed memory whose descriptor is passed.
struct Photo {
    std::string path;
};

/// Asks one question and waits for the answer. `per_answer` bounds the wait for each line. Thread safe: holds no state.
struct Question {
    std::string socket;
    std::string verb;
    std::vector<Photo> photos;
    Millis patience{65'000};  ///< Longest wait for the next line; zero waits for ever (tail -f).
};
[[nodiscard]] tl::expected<Answer, Failure> ask(const Question& question, const nlohmann::json& args);

/// As ask(), for verbs that stream: `on_item` gets the JSON text of each item and says whether to go on.
[[nodiscard]] tl::expected<Answer, Failure> ask_stream(const Question& question, const nlohmann::json& args,
                                                       const std::function<bool(std::string_view)>& on_item);

}  // namespace menshen::control
