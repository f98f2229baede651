#pragma once
/// A loop, a sink that remembers, and event time that only the test moves.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "drivers/driver.hpp"
#include "drivers/supervisor.hpp"
#include "tests/support/catch.hpp"

namespace menshen::drivers {

struct RememberingSink final : EventSink {
    bool offer(Event event) override {
        if (!takes_reads && std::holds_alternative<CardRead>(event)) return false;
        events.push_back(std::move(event));
        return true;
    }
    bool offer(Frame frame) override {
        if (takes_frames) frames.push_back(std::move(frame));
        return takes_frames;
    }
    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const auto& event : events)
            if (const auto* one = std::get_if<T>(&event)) found.push_back(*one);
        return found;
    }

    std::vector<Event> events;
    std::vector<Frame> frames;
    bool takes_reads = true;
    bool takes_frames = true;
};

struct Stage {
    boost::asio::io_context loop;
    RememberingSink sink;
    Millis time{1000};
    Supervisor supervisor{loop, sink, [this] { return now(); }, {.first_delay = 2ms, .longest_delay = 16ms, .steady = 1h}};

    ~Stage() {
        supervisor.stop();
        until([&] { return supervisor.idle(); });
    }

    [[nodiscard]] Now now() const { return {.mono = {time}, .wall = {{time}, {}}}; }

    /// Runs the loop until it holds, for five real seconds at most.
    bool until(const std::function<bool()>& holds) {
        const auto limit = std::chrono::steady_clock::now() + 5s;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > limit) return false;
            loop.restart();
            loop.run_one_for(5ms);
        }
        return true;
    }
    /// Reads the settings of one device as the config does, and adds it.
    Result<void> add(const std::string& id, const std::string& yaml) {
        Problems problems;
        const auto node = parse_document("gate.yaml", yaml, problems);
        const auto settings = node ? read_device(DeviceId(id), *node, "gate.yaml", "devices." + id, problems) : std::nullopt;
        if (!settings) return fail("{}", problems.text());
        return supervisor.add(*settings);
    }
    Result<void> inject(const std::string& id, std::string_view what, std::string_view value = "") {
        auto injection = parse_injection(DeviceId(id), what, value);
        if (!injection) return tl::unexpected(injection.error());
        return supervisor.inject(*injection);
    }
    [[nodiscard]] DeviceStatus status(std::size_t index = 0) const { return supervisor.status().at(index); }
    bool until_online(std::size_t index = 0) {
        return until([&] { return status(index).online; });
    }
};

}  // namespace menshen::drivers
