#pragma once
/// A gate in the test's own process: uplink, outbox in memory, loop.

#include "tests/daemon/mqtt/fakes.hpp"
#include "tests/support/catch.hpp"

namespace menshen::test {

struct Gate {
    explicit Gate(std::uint16_t port, mqtt::Protocol protocol = mqtt::Protocol::v311,
                  mqtt::Delivery delivery = mqtt::Delivery::platform)
        : outbox(loop.loop().post, "0123abcd") {
        settings.link.host = "127.0.0.1";
        settings.link.port = port;
        settings.link.protocol = protocol;
        settings.link.retry_min = Millis{20};
        settings.link.retry_max = Millis{200};
        settings.pump.site = SiteId("tianlin-12");
        settings.pump.gate = GateId("east");
        settings.pump.delivery = delivery;
        settings.pump.resend_after = Millis{500};
        settings.pump.state_every = Millis{50};
        settings.pump.state_counts_every = Millis{200};
    }

    void start() {
        auto made = mqtt::Uplink::start(settings, loop.loop(), outbox,
                                        {.on_online = [this](bool, const std::string& why) { reasons.push_back(why); },
                                         .on_trouble = [this](const mqtt::Trouble& t) { troubles.push_back(t); }});
        REQUIRE(made);
        uplink = std::move(*made);
        state.doors[DoorId("front")] = "locked";
        uplink->set_state(state);
        changed();
    }
    void changed() { uplink->outbox_changed(outbox.head()); }
    bool settles(mqtt::Settled how, Millis limit = Millis{15'000}) {
        return loop.run_until([&] { return uplink->settled() == how; }, limit);
    }
    bool connects() {
        return loop.run_until([&] { return uplink->connected(); });
    }
    /// Stops cleanly; false when `done` did not come.
    bool stop() {
        bool done = false;
        uplink->stop(Millis{1'000}, [&] { done = true; });
        return loop.run_until([&] { return done; }, Millis{3'000});
    }

    TestLoop loop;
    FakeOutbox outbox;
    mqtt::UplinkSettings settings;
    mqtt::GateState state;
    std::unique_ptr<mqtt::Uplink> uplink;
    std::vector<std::string> reasons;
    std::vector<mqtt::Trouble> troubles;
};

}  // namespace menshen::test
