#include "drivers/simulated/simulated_device.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace menshen::drivers::simulated {

namespace asio = boost::asio;

asio::awaitable<void> until_cancelled() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_at(asio::steady_timer::time_point::max());
        co_await timer.async_wait(asio::use_awaitable);
    }
}

tl::unexpected<Error> no_use(const Injection& injection) {
    const std::string_view what = std::visit(Match{
                                                 [](const InjectBits&) { return std::string_view("bits"); },
                                                 [](const InjectLine& i) { return name_of(i.line); },
                                                 [](const InjectPicture&) { return std::string_view("picture"); },
                                                 [](const InjectFault&) { return std::string_view("fail"); },
                                                 [](const InjectMend&) { return std::string_view("mend"); },
                                             },
                                             injection.what);
    return fail("{}: this device has no use for \"{}\"", injection.device.str(), what);
}

asio::awaitable<Error> SimulatedDevice::run(DeviceHost& host) {
    if (fault_) co_return Error{*fault_};
    struct Running {
        DeviceHost*& slot;
        ~Running() { slot = nullptr; }
    };
    host_ = &host;
    const Running running{host_};
    Error why = co_await serve(host);
    co_return why;
}

Result<void> SimulatedDevice::inject(const Injection& injection) {
    if (const auto* fault = std::get_if<InjectFault>(&injection.what)) {
        fault_ = fault->reason.empty() ? "broken by the stage" : fault->reason;
        if (host_ != nullptr) host_->fail(Error{*fault_});
        return {};
    }
    if (std::holds_alternative<InjectMend>(injection.what)) {
        fault_.reset();
        return {};
    }
    if (host_ == nullptr || fault_) return fail("{}: this device is offline", injection.device.str());
    return inject_here(injection, *host_);
}

Result<void> SimulatedDevice::inject_here(const Injection& injection, DeviceHost&) { return no_use(injection); }

void SimulatedDevice::apply(const Command& command) {
    std::visit(Match{
                   [&](const SetLock& set) {
                       if (set.unlocked && !outputs_.unlocked.value_or(false)) ++outputs_.unlocks;
                       outputs_.unlocked = set.unlocked;
                   },
                   [&](const Signal& signal) {
                       outputs_.last_signal = signal.meaning;
                       switch (signal.meaning) {
                           case Signal::Meaning::granted:
                               ++outputs_.granted;
                               break;
                           case Signal::Meaning::denied:
                               ++outputs_.denied;
                               break;
                           case Signal::Meaning::bad_read:
                               ++outputs_.bad_read;
                               break;
                       }
                   },
               },
               command);
}

}  // namespace menshen::drivers::simulated
