#pragma once
/// A conversation with the pump, written as data: what happens, and what is said then.
///
///     play(talk, {{"records 2", {}},
///                 {"connect", {"state online", "record 1", "record 2"}},
///                 {"ack all", {}},
///                 {"confirm 2 0", {"release 2 0"}}});
///
/// What may happen: records N; alert ID CHANGE [over]; evict UP_TO; epoch HEX; connect; connect anew (the broker
/// does not remember us); disconnect; ack all; ack N (the N
/// oldest); nack REASON (the oldest: too_large or refused); confirm RECORDS ALERTS; wait N (milliseconds); state WORD (a door's
/// state); stop; store fails; store works; store waits (keeps answers back until "store answers").

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/mqtt/pump.hpp"

namespace menshen::test {

struct Turn {
    std::string happens;
    std::vector<std::string> said;
};

class Talk {
public:
    explicit Talk(mqtt::PumpSettings settings = {});

    /// Does it and returns what was said.
    std::vector<std::string> happens(const std::string& what);

    mqtt::Pump& pump() { return pump_; }
    [[nodiscard]] const mqtt::Publish& last() const { return last_; }
    /// The last state that was published.
    [[nodiscard]] const std::string& state() const { return state_; }
    [[nodiscard]] std::size_t unacknowledged() const { return pending_.size(); }
    std::string epoch = "0123abcd";
    std::size_t record_bytes = 80;
    std::map<std::uint64_t, std::size_t> size_of_record;  ///< For those that differ.
    std::size_t alert_padding = 0;                        ///< Bytes more in each alert from now on.
    Millis now{1'000'000};
    /// An alert that is open since before this process, and let go of.
    void add_open(const std::string& alert, std::uint64_t lane);

private:
    void act(mqtt::Actions actions);
    void say(const mqtt::Publish& publish);
    void answer(const mqtt::ReadRecords& read);
    void answer(const mqtt::ReadAlerts& read);
    void answer(const mqtt::ReadOpenAlerts& read);
    void answer(const mqtt::Release& release);
    [[nodiscard]] mqtt::OutboxHead head() const;
    void acknowledge(std::size_t count, const mqtt::Ack& ack);
    void happen(const std::vector<std::string>& words);

    mqtt::Pump pump_;
    mqtt::GateState gate_;
    std::map<std::uint64_t, std::string> records_;
    std::map<std::uint64_t, mqtt::AlertRow> alerts_;
    std::map<std::string, mqtt::AlertRow> open_;
    std::uint64_t records_to_ = 0, alerts_to_ = 0;
    std::vector<std::uint64_t> pending_;
    std::vector<std::string> said_;
    std::vector<mqtt::Action> kept_back_;
    bool store_fails_ = false, store_waits_ = false;
    mqtt::Publish last_;
    std::string state_;
};

void play(Talk& talk, const std::vector<Turn>& turns);

}  // namespace menshen::test
