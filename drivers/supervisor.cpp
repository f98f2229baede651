#include "drivers/supervisor.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "drivers/driver.hpp"

namespace menshen::drivers {

namespace asio = boost::asio;
using RealClock = std::chrono::steady_clock;

namespace {

std::string words_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception without words";
    }
}

/// One device with what is known of it. It outlives its run: the run's coroutine and every handler hold it.
class Post final : public DeviceHost, private EventSink, public std::enable_shared_from_this<Post> {
public:
    Post(asio::io_context& loop, EventSink& sink, std::function<Now()> now, Supervisor::Options options)
        : loop_(loop), sink_(sink), now_(std::move(now)), options_(options), timer_(loop), delay_(options.first_delay) {}

    void set(DeviceSettings settings, std::unique_ptr<Device> device) {
        settings_ = std::move(settings);
        device_ = std::move(device);
    }

    void begin();
    void stop();
    void apply(const Command& command);
    Result<void> inject(const Injection& injection);
    [[nodiscard]] bool is_running() const { return running_; }
    [[nodiscard]] const DeviceId& id() const { return settings_.id; }
    [[nodiscard]] DeviceStatus status() const;

    // DeviceHost
    EventSink& sink() override { return *this; }
    [[nodiscard]] Now now() const override { return now_(); }
    void online() override;
    void fail(Error why) override;

private:
    // EventSink: what the device sees of the real one.
    bool offer(Event event) override { return !stopping_ && sink_.offer(std::move(event)); }
    bool offer(Frame frame) override { return !stopping_ && sink_.offer(std::move(frame)); }

    void run();
    void on_ended(const std::exception_ptr& thrown, Error why);
    void go_offline(std::string why);
    void restart_after_delay();
    void hand_over(const Command& command);

    asio::io_context& loop_;
    EventSink& sink_;
    std::function<Now()> now_;
    Supervisor::Options options_;
    DeviceSettings settings_;
    std::unique_ptr<Device> device_;

    asio::cancellation_signal cancel_;  ///< Ends the run.
    asio::steady_timer timer_;          ///< Until the next attempt.
    Millis delay_;
    bool begun_ = false, running_ = false, waiting_ = false, stopping_ = false;
    std::optional<Error> failed_outside_;  ///< Why the run was cancelled.
    RealClock::time_point online_since_;

    bool online_ = false;
    bool told_ = false;  ///< The core has heard of this device.
    Stamp since_;
    std::string why_;
    std::optional<SetLock> lock_;  ///< The last one asked for.
    std::uint64_t attempts_ = 0, failures_ = 0, signals_dropped_ = 0;
};

void Post::begin() {
    if (std::exchange(begun_, true)) return;
    since_ = now_().wall;
    run();
}

void Post::run() {
    waiting_ = false;
    running_ = true;
    ++attempts_;
    failed_outside_.reset();
    auto ended = [self = shared_from_this()](const std::exception_ptr& thrown, Error why) {
        self->on_ended(thrown, std::move(why));
    };
    try {
        auto task = device_->run(*this);
        auto handler = asio::bind_cancellation_slot(cancel_.slot(), std::move(ended));
        asio::co_spawn(loop_, std::move(task), std::move(handler));
    } catch (...) {
        // A run() that is no coroutine, or no memory for one.
        asio::post(loop_, [self = shared_from_this(), thrown = std::current_exception()] { self->on_ended(thrown, {}); });
    }
}

void Post::on_ended(const std::exception_ptr& thrown, Error why) {
    running_ = false;
    if (stopping_) return;
    ++failures_;
    if (failed_outside_) {
        why = std::move(*failed_outside_);
    } else if (thrown) {
        why.message = words_of(thrown);
    }
    if (why.message.empty()) why.message = "it ended without a reason";
    go_offline(std::move(why.message));
    restart_after_delay();
}

void Post::go_offline(std::string why) {
    why_ = std::move(why);
    // The core hears of each change once, not of each attempt; the newest reason is in the status.
    if (told_ && !online_) return;
    if (online_ && RealClock::now() - online_since_ >= options_.steady) delay_ = options_.first_delay;
    online_ = false;
    told_ = true;
    since_ = now_().wall;
    sink_.offer(DeviceChanged{settings_.id, false, why_});
}

void Post::restart_after_delay() {
    waiting_ = true;
    timer_.expires_after(std::exchange(delay_, std::min(delay_ * 2, options_.longest_delay)));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && self->waiting_ && !self->stopping_) self->run();
    });
}

void Post::online() {
    if (stopping_ || !running_ || online_) return;
    online_ = true;
    told_ = true;
    online_since_ = RealClock::now();
    since_ = now_().wall;
    why_.clear();
    sink_.offer(DeviceChanged{settings_.id, true, ""});
    if (lock_) hand_over(*lock_);
}

void Post::fail(Error why) {
    if (stopping_ || !running_ || failed_outside_) return;
    if (why.message.empty()) why.message = "it failed without a reason";
    failed_outside_ = std::move(why);
    // Told at once, so that a stage that breaks a device may move time on; an attempt that never came online is told when it has
    // ended.
    if (online_) go_offline(failed_outside_->message);
    // Not from within: the caller may be the very coroutine that this ends.
    asio::post(loop_, [self = shared_from_this(), attempt = attempts_] {
        if (self->running_ && self->attempts_ == attempt) self->cancel_.emit(asio::cancellation_type::terminal);
    });
}

void Post::stop() {
    stopping_ = true;
    timer_.cancel();
    if (running_) cancel_.emit(asio::cancellation_type::terminal);
}

void Post::apply(const Command& command) {
    if (const auto* lock = std::get_if<SetLock>(&command)) lock_ = *lock;
    if (online_ && !stopping_ && !failed_outside_) {
        hand_over(command);
    } else if (std::holds_alternative<Signal>(command)) {
        ++signals_dropped_;
    }
}

void Post::hand_over(const Command& command) {
    try {
        device_->apply(command);
    } catch (...) {
        fail(Error{words_of(std::current_exception())});
    }
}

Result<void> Post::inject(const Injection& injection) {
    if (stopping_) return menshen::fail("{}: the gate is stopping", id().str());
    if (!settings_.simulated) return menshen::fail("{}: this device is real; nothing can be injected", id().str());
    const bool is_mend = std::holds_alternative<InjectMend>(injection.what);
    if (!online_ && !is_mend && !std::holds_alternative<InjectFault>(injection.what))
        return menshen::fail("{}: this device is offline{}{}", id().str(), why_.empty() ? "" : ": ", why_);
    try {
        auto done = device_->inject(injection);
        if (!done) return done;
    } catch (...) {
        const auto words = words_of(std::current_exception());
        fail(Error{words});
        return menshen::fail("{}: {}", id().str(), words);
    }
    if (is_mend && waiting_) {
        timer_.cancel();
        delay_ = options_.first_delay;
        run();
    }
    return {};
}

DeviceStatus Post::status() const {
    DeviceStatus status;
    status.device = settings_.id;
    status.driver = settings_.driver;
    status.simulated = settings_.simulated;
    status.online = online_;
    status.since = since_;
    status.why = why_;
    status.restarts = attempts_ > 0 ? attempts_ - 1 : 0;
    status.failures = failures_;
    status.outputs = device_->outputs();
    status.counters = device_->counters();
    if (signals_dropped_ > 0) status.counters["signals_dropped"] = signals_dropped_;
    return status;
}

}  // namespace

struct Supervisor::State {
    asio::io_context& loop;
    EventSink& sink;
    std::function<Now()> now;
    Options options;
    std::vector<std::shared_ptr<Post>> posts;
    std::uint64_t unknown_commands = 0;

    [[nodiscard]] Post* find(const DeviceId& id) const {
        const auto it = std::find_if(posts.begin(), posts.end(), [&](const auto& post) { return post->id() == id; });
        return it == posts.end() ? nullptr : it->get();
    }
};

Supervisor::Supervisor(asio::io_context& loop, EventSink& sink, std::function<Now()> now, Options options)
    : state_(std::make_unique<State>(State{loop, sink, std::move(now), options, {}, 0})) {}

Supervisor::~Supervisor() { stop(); }

Result<void> Supervisor::add(const DeviceSettings& settings) {
    if (state_->find(settings.id) != nullptr) return fail("{}: there is already a device of this name", settings.id.str());
    const auto table = driver_table();
    const auto entry = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == settings.driver; });
    if (entry == table.end())
        return fail("{}: there is no driver \"{}\"{}", settings.id.str(), settings.driver,
                    suggestion(settings.driver, driver_names()));
    auto device = entry->build(settings);
    if (!device) return tl::unexpected(device.error());
    return add(settings, std::move(*device));
}

Result<void> Supervisor::add(const DeviceSettings& settings, std::unique_ptr<Device> device) {
    if (state_->find(settings.id) != nullptr) return fail("{}: there is already a device of this name", settings.id.str());
    auto post = std::make_shared<Post>(state_->loop, state_->sink, state_->now, state_->options);
    post->set(settings, std::move(device));
    state_->posts.push_back(std::move(post));
    return {};
}

void Supervisor::start() {
    for (const auto& post : state_->posts) post->begin();
}

void Supervisor::stop() {
    for (const auto& post : state_->posts) post->stop();
}

bool Supervisor::idle() const {
    return std::none_of(state_->posts.begin(), state_->posts.end(), [](const auto& post) { return post->is_running(); });
}

void Supervisor::apply(const Command& command) {
    if (Post* post = state_->find(device_of(command)); post != nullptr) {
        post->apply(command);
    } else {
        ++state_->unknown_commands;
    }
}

Result<void> Supervisor::inject(const Injection& injection) {
    Post* post = state_->find(injection.device);
    if (post == nullptr) {
        std::vector<std::string_view> names;
        for (const auto& known : state_->posts) names.push_back(known->id().str());
        return fail("there is no device \"{}\"{}", injection.device.str(), suggestion(injection.device.str(), names));
    }
    return post->inject(injection);
}

std::vector<DeviceStatus> Supervisor::status() const {
    std::vector<DeviceStatus> all;
    for (const auto& post : state_->posts) all.push_back(post->status());
    return all;
}

std::uint64_t Supervisor::unknown_commands() const { return state_->unknown_commands; }

}  // namespace menshen::drivers
