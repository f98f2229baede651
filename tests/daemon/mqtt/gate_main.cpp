// A gate as a process of its own, to be killed by tests. usage: port
#include <cstdlib>

#include "tests/daemon/mqtt/fakes.hpp"

int main(int argc, char** argv) {
    using namespace menshen;
    if (argc < 2) return 2;
    test::TestLoop loop;
    test::FakeOutbox outbox(loop.loop().post, "0123abcd");
    mqtt::UplinkSettings settings;
    settings.link.host = "127.0.0.1";
    settings.link.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    settings.pump.site = SiteId("tianlin-12");
    settings.pump.gate = GateId("east");
    const auto uplink = mqtt::Uplink::start(settings, loop.loop(), outbox, {});
    if (!uplink) return 1;
    outbox.add_record();
    (*uplink)->set_state({});
    (*uplink)->outbox_changed(outbox.head());
    loop.run_for(Millis{60'000});
    return 0;
}
