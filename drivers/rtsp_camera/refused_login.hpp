#pragma once
/// Cameras lock an account, or the gate's address, after a handful of wrong passwords. Pure: time comes in from outside.

#include <chrono>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace menshen::drivers::rtsp_camera {

/// Remembers the login that was refused last; the supervisor would try it again every 30 s for ever.
class RefusedLogin {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr Millis kRest{300'000};  ///< Twelve an hour: below what cameras lock out for.

    void refused(std::string login, Time now) { last_ = Last{std::move(login), now}; }
    void accepted() { last_.reset(); }
    /// True when `login` was refused within kRest. Another one may be tried at once.
    [[nodiscard]] bool must_rest(const std::string& login, Time now) const {
        return last_ && last_->login == login && now < last_->at + kRest;
    }

private:
    struct Last {
        std::string login;
        Time at;
    };
    std::optional<Last> last_;
};

}  // namespace menshen::drivers::rtsp_camera
