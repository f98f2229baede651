// The pump's two lanes: which row goes next, and whether there is room for it.
#include "daemon/mqtt/pump.hpp"

namespace menshen::mqtt {

namespace {

// Bulk gets at most one slot in four while alerts wait.
constexpr std::size_t kAlertsToARecord = 3;

}  // namespace

void Pump::fill_lanes(Actions& out) {
    for (;;) {
        const bool alerts_wait = alerts_.waits() || !open_alerts_.empty();
        const bool records_turn = !alerts_wait || alerts_since_record_ >= kAlertsToARecord;
        const bool record = records_.ready() && records_turn;
        const bool alert = !record && alerts_.ready();
        if (!record && !alert && open_alerts_.empty()) return;
        if (const bool went = record ? publish_record(out) : alert ? publish_alert(out) : publish_open_alert(out); !went) return;
    }
}

bool Pump::step_over_alert(Actions& out, std::size_t size) {
    const auto& row = alerts_.front();
    if (row.over && !has_room(1, 0)) return false;
    if (!alerts_.is_missing(row.lane)) {
        ++counts_.too_large;
        trouble(out, Trouble::What::row_too_large,
                fmt::format("alert {} for {} has {} bytes, more than {}: not sent", row.alert.str(), row.to.str(), size,
                            settings_.payload_limit));
        alerts_.step_over(alerts_.previous() + 1, row.lane);
        state_changed_ = true;
    }
    if (row.over) {
        // Its last word cannot be said, but the open one must not stay at the broker.
        drop_open_alert(row);
        send(out, Part::alert, row.lane, {0, topics_.alert(row.to, row.alert), "", true});
        ++alerts_since_record_;
    }
    alerts_.skip_front(row.over ? 1 : 0);
    return true;
}

// An older state must not be retained after this one.
void Pump::drop_open_alert(const AlertRow& newer) {
    std::erase_if(open_alerts_, [&](const AlertRow& open) { return open.alert == newer.alert && open.to == newer.to; });
}

bool Pump::publish_alert(Actions& out) {
    const auto& row = alerts_.front();
    auto payload = stamp_alert(row.payload, epoch_, row.lane, alerts_.previous());
    if (payload.size() > settings_.payload_limit || alerts_.is_missing(row.lane)) return step_over_alert(out, payload.size());
    const auto number = row.lane;
    const bool over = row.over;
    const auto topic = topics_.alert(row.to, row.alert);
    const std::size_t messages = over ? 2 : 1;
    if (!has_room(messages, payload.size())) return false;
    drop_open_alert(row);
    alerts_.sent_front(messages);
    // The last state is not retained: what is retained is cleared right after it, and MQTT keeps the order of a topic.
    send(out, Part::alert, number, {0, topic, std::move(payload), !over});
    if (over) send(out, Part::alert, number, {0, topic, "", true});
    alerts_since_record_ += messages;
    return true;
}

bool Pump::publish_open_alert(Actions& out) {
    const auto& row = open_alerts_.front();
    // Nothing lies between two neighbours: so it claims nothing about rows that may still be outstanding below it.
    auto payload = stamp_alert(row.payload, epoch_, row.lane, row.lane - 1);
    const bool fits = payload.size() <= settings_.payload_limit;
    if (fits && !has_room(1, payload.size())) return false;
    if (fits) send(out, Part::open_alert, row.lane, {0, topics_.alert(row.to, row.alert), std::move(payload), true});
    open_alerts_.pop_front();
    ++alerts_since_record_;
    return true;
}

bool Pump::step_over_record(Actions& out) {
    const auto& row = records_.front();
    if (!records_.is_missing(row.seq)) {
        ++counts_.too_large;
        trouble(out, Trouble::What::row_too_large,
                fmt::format("record {}-{} has {} bytes, more than {}: not sent", epoch_, row.seq, row.bytes.size(),
                            settings_.payload_limit));
        records_.step_over(row.seq, row.seq);
        state_changed_ = true;
    }
    records_.skip_front();
    return true;
}

bool Pump::publish_record(Actions& out) {
    const auto& row = records_.front();
    if (row.bytes.size() > settings_.payload_limit || records_.is_missing(row.seq)) return step_over_record(out);
    if (!has_room(1, row.bytes.size())) return false;
    auto bytes = row.bytes;
    const auto number = row.seq;
    records_.sent_front(1);
    send(out, Part::record, number, {0, topics_.records(), std::move(bytes), false});
    alerts_since_record_ = 0;
    return true;
}

bool Pump::has_room(std::size_t slots, std::size_t bytes) const {
    if (in_flight_.empty()) return true;  // one row larger than the window still gets through, alone
    return in_flight_.size() + slots <= settings_.window_messages && in_flight_bytes_ + bytes <= settings_.window_bytes;
}

}  // namespace menshen::mqtt
