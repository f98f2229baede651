/// Commits batches for ever and prints, once each is acknowledged, its last seq: what a killed gate had promised.
///
///     menshen-store-writer FOLDER [WRITES_TO_LIVE]
///
/// With a number it kills itself in the middle of that write to the disk; without one it waits to be killed.

#include <cstdio>
#include <cstdlib>

#include "tests/daemon/store/failing_disk.hpp"
#include "tests/daemon/store/store_fixture.hpp"

namespace {

using namespace menshen;
using namespace menshen::store;

Batch batch_of(int i) {
    Batch batch;
    for (int k = 0; k <= i % 4; ++k) batch.records.push_back(testing::record_at(i, k == 0 ? Kind::card_read : Kind::granted));
    if (i % 5 == 0) {
        batch.records.push_back(testing::record_at(i, Kind::alert));
        batch.alerts = {testing::alert_row("a" + std::to_string(i % 7), "grid-3", "state " + std::to_string(i))};
    }
    if (i % 11 == 0) batch.roster = {PutPerson{{PersonId("p-" + std::to_string(i)), "Name", {}, {}}}};
    return batch;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    auto settings = testing::settings_in(argv[1]);
    settings.vfs = testing::failing_disk_name();
    if (argc > 2) testing::failing_disk().writes_to_live = std::atol(argv[2]);
    testing::Gate gate(settings);
    if (!gate.opened.store) {
        std::fprintf(stderr, "%s\n", gate.refused.c_str());
        return 1;
    }
    std::printf("epoch %s\n", gate.opened.epoch.c_str());
    int in_flight = 0;
    for (int i = 1; i < 100'000; ++i) {
        ++in_flight;
        std::ignore = gate.store().commit(batch_of(i), [&](const Committed& committed) {
            --in_flight;
            std::printf("%llu\n", static_cast<unsigned long long>(committed.records.back().seq));
            std::fflush(stdout);
        });
        if (!gate.loop.run_until([&] { return in_flight < 8; })) return 1;
        if (i % 13 == 0) gate.store().delivered(gate.store().head().seq / 2, 0);
    }
    return 0;
}
