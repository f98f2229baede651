#include "drivers/wiegand/simulated_reader.hpp"

#include <algorithm>

#include "drivers/simulated/simulated_device.hpp"
#include "drivers/wiegand/reader.hpp"
#include "drivers/wiegand/settings.hpp"

namespace menshen::drivers::wiegand {

namespace {

class SimulatedReader final : public simulated::SimulatedDevice {
public:
    SimulatedReader(DeviceId id, const Settings& settings) : id_(std::move(id)), reader_(settings.formats, settings.hold) {}

    [[nodiscard]] std::map<std::string, std::uint64_t> counters() const override {
        auto all = reader_.counters();
        all["refused"] = refused_;
        return all;
    }

protected:
    boost::asio::awaitable<Error> serve(DeviceHost& host) override {
        reader_.forget();  // Nobody knows what rested on the reader while it was away.
        host.online();
        co_await simulated::until_cancelled();
        co_return Error{};
    }

    Result<void> inject_here(const Injection& injection, DeviceHost& host) override {
        const auto* injected = std::get_if<InjectBits>(&injection.what);
        if (injected == nullptr) return simulated::no_use(injection);
        const auto bits = Bits::parse(injected->bits);
        if (!bits) return fail("{}: {}", id_.str(), bits.error().message);
        send(*bits, host);
        return {};
    }

private:
    /// As a reader does: a pulse a millisecond, then silence.
    void send(const Bits& bits, DeviceHost& host) {
        const Now now = host.now();
        wire_time_ = std::max<Nanos>(wire_time_ + Assembler::Times{}.gap * 2, now.mono.since_boot);
        for (unsigned i = 0; i < bits.size(); ++i) {
            wire_time_ += 1ms;
            if (const auto frame = assembler_.add({bits[i], wire_time_, ++edge_number_})) tell(*frame, now, host);
        }
        if (const auto frame = assembler_.on_time(wire_time_ + Assembler::Times{}.gap * 2)) tell(*frame, now, host);
    }

    void tell(const WireFrame& frame, const Now& now, DeviceHost& host) {
        auto reading = reader_.on_frame(frame, now.mono);
        if (auto* card = std::get_if<Card>(&reading)) {
            const bool taken = host.sink().offer(CardRead{id_, std::move(card->number), std::string(card->format->name)});
            // The person is still standing there: what was refused may come again with the reader's next repeat.
            if (!taken) reader_.forget();
            refused_ += taken ? 0 : 1;
        } else if (auto* malformed = std::get_if<Malformed>(&reading)) {
            const bool taken = host.sink().offer(CardMalformed{id_, std::move(malformed->raw), std::move(malformed->reason)});
            refused_ += taken ? 0 : 1;
        }
    }

    DeviceId id_;
    Reader reader_;
    Assembler assembler_;
    Nanos wire_time_{};
    std::uint32_t edge_number_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace

Result<std::unique_ptr<Device>> build(const DeviceSettings& settings) {
    const auto* own = dynamic_cast<const Settings*>(settings.settings.get());
    if (own == nullptr) return fail("{}: these are no settings of wiegand", settings.id.str());
    return std::make_unique<SimulatedReader>(settings.id, *own);
}

}  // namespace menshen::drivers::wiegand
