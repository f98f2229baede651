#include <map>

#include "drivers/simulated/settings.hpp"
#include "drivers/simulated/simulated_device.hpp"

namespace menshen::drivers::simulated {

namespace {

/// Inputs that the stage moves, a lock and signals that remember what they were told.
class LinesAndLocks final : public SimulatedDevice {
public:
    explicit LinesAndLocks(const DeviceSettings& settings) : id_(settings.id), abilities_(settings.abilities) {
        for (const Line line : abilities_.lines) levels_[line] = false;
    }

    void apply(const Command& command) override {
        const bool has_it = std::holds_alternative<SetLock>(command) ? abilities_.lock : abilities_.signals;
        if (has_it) {
            SimulatedDevice::apply(command);
        } else {
            ++ignored_;
        }
    }

    [[nodiscard]] std::map<std::string, std::uint64_t> counters() const override {
        return {{"changes", changes_}, {"commands_ignored", ignored_}};
    }

protected:
    boost::asio::awaitable<Error> serve(DeviceHost& host) override {
        host.online();
        for (const auto& [line, active] : levels_) host.sink().offer(LineChanged{id_, line, active});
        co_await until_cancelled();
        co_return Error{};
    }

    Result<void> inject_here(const Injection& injection, DeviceHost& host) override {
        const auto* moved = std::get_if<InjectLine>(&injection.what);
        if (moved == nullptr || !abilities_.has(moved->line)) return no_use(injection);
        auto& level = levels_[moved->line];
        if (level == moved->active) return {};
        level = moved->active;
        ++changes_;
        host.sink().offer(LineChanged{id_, moved->line, moved->active});
        return {};
    }

private:
    DeviceId id_;
    Abilities abilities_;
    std::map<Line, bool> levels_;
    std::uint64_t changes_ = 0, ignored_ = 0;
};

}  // namespace

Result<std::unique_ptr<Device>> build(const DeviceSettings& settings) {
    if (dynamic_cast<const Settings*>(settings.settings.get()) == nullptr)
        return fail("{}: these are no settings of simulated", settings.id.str());
    return std::make_unique<LinesAndLocks>(settings);
}

}  // namespace menshen::drivers::simulated
