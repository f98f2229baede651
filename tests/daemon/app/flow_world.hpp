#pragma once
/// A flow with a real gate, store and rule engine, on a clock that the test moves. Devices are the list of commands they were
/// given.

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/app/clock.hpp"
#include "daemon/app/flow.hpp"
#include "daemon/store/store.hpp"
#include "tests/daemon/store/store_fixture.hpp"

namespace menshen::app::testing {

class FlowWorld {
public:
    struct Setup {
        DoorSettings door;
        std::string rules;  ///< YAML; empty: none.
        std::string vfs;
        bool rules_unread = false;  ///< As when the rule files are broken.
    };

    FlowWorld(const std::filesystem::path& folder, Setup setup, WallTime start);
    ~FlowWorld();

    /// Runs the loop until nothing is on its way; false when that takes longer than `limit` of real time.
    [[nodiscard]] bool settle(std::chrono::milliseconds limit = std::chrono::seconds(20));
    [[nodiscard]] bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(20));
    /// Moves event time over every deadline, settling at each.
    [[nodiscard]] bool advance(Millis span);
    void send(Event event) { flow->offer(std::move(event)); }
    void card(const std::string& hex) { send(CardRead{DeviceId("in"), {26, hex}, "H10301"}); }
    void line(Line line, bool active);
    /// Every record of the journal.
    [[nodiscard]] std::vector<Record> journal() const;
    /// As a power cut between two transactions would leave it: nothing more is committed.
    void close();

    std::unique_ptr<boost::asio::io_context> loop = std::make_unique<boost::asio::io_context>(1);
    std::unique_ptr<SideThread> side = std::make_unique<SideThread>(*loop);
    store::Store::Opened opened;
    std::unique_ptr<StageClock> clock;
    std::unique_ptr<Gate> gate;
    std::unique_ptr<Flow> flow;
    std::shared_ptr<const rules::RuleSet> rules;
    std::vector<Command> commands;
    std::vector<Record> committed;  ///< In the order in which the rules saw them.
    bool unlocked = false;
    std::string trouble;  ///< Why it did not open.

private:
    rules::Engine open_engine(std::vector<AlertChange>& unsaid) const;
};

/// One door with everything, of one resident p1 of household h1 who lives alone and has the card 26:AA, suspended card 26:BB.
[[nodiscard]] DoorSettings test_door();

}  // namespace menshen::app::testing
