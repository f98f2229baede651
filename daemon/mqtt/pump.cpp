#include "daemon/mqtt/pump.hpp"

#include <utility>

namespace menshen::mqtt {

namespace {

PassSettings pass_settings(const PumpSettings& settings) {
    return {settings.ahead_rows, 64, settings.window_bytes, settings.resend_after, settings.resend_at_most};
}

bool same_essence(const GateState& a, const GateState& b) {
    return a.version == b.version && a.rules_version == b.rules_version && a.roster_version == b.roster_version &&
           a.doors == b.doors && a.devices == b.devices && a.wall_is_trusted == b.wall_is_trusted;
}

bool same_counts(const GateState& a, const GateState& b) {
    return a.queues == b.queues && a.chain_seq == b.chain_seq && a.chain_head == b.chain_head;
}

constexpr std::size_t kOpenAlerts = 500;
// Refused confirms that are told in one minute.
constexpr std::size_t kRefusalsTold = 10;
constexpr Millis kRefusalsIn{60'000};

}  // namespace

Pump::Pump(PumpSettings settings)
    : settings_(std::move(settings)),
      topics_(settings_.site, settings_.gate),
      records_(pass_settings(settings_)),
      alerts_(pass_settings(settings_)) {}

Actions Pump::on_connected(bool session_present, Millis now) {
    Actions out;
    connected_ = true;
    open_alerts_lost_ = open_alerts_lost_ || !session_present;
    open_alerts_.clear();
    in_flight_.clear();
    in_flight_bytes_ = 0;
    records_.restart();
    alerts_.restart();
    records_.reset_wait();
    alerts_.reset_wait();
    alerts_since_record_ = 0;
    state_in_flight_ = false;
    state_said_at_.reset();
    state_changed_ = true;  // the will may stand there
    fill(out, now);
    return out;
}

Actions Pump::on_disconnected(Millis) {
    connected_ = false;
    const auto is_open_alert = [](const auto& entry) { return entry.second.part == Part::open_alert; };
    if (!open_alerts_.empty() || std::any_of(in_flight_.begin(), in_flight_.end(), is_open_alert)) open_alerts_lost_ = true;
    in_flight_.clear();
    in_flight_bytes_ = 0;
    state_in_flight_ = false;
    records_.restart();
    alerts_.restart();
    return {};
}

Actions Pump::on_ack(std::uint64_t token, const Ack& ack, Millis now) {
    Actions out;
    const auto found = in_flight_.find(token);
    if (found == in_flight_.end()) return out;  // of a connection that has gone
    const auto entry = found->second;
    in_flight_bytes_ -= entry.bytes;
    in_flight_.erase(found);
    if (entry.part == Part::state) state_in_flight_ = false;
    if (ack.answer != Ack::Answer::accepted)
        on_refusal(out, entry, ack, now);
    else
        ++counts_.acknowledged;
    if (token == goodbye_) goodbye_taken_ = ack.answer == Ack::Answer::accepted;
    if (entry.part == Part::record) {
        records_.acknowledged(entry.number);
        records_.await_confirm(now);
    } else if (entry.part == Part::alert) {
        alerts_.acknowledged(entry.number);
        alerts_.await_confirm(now);
    }
    fill(out, now);
    return out;
}

void Pump::on_refusal(Actions& out, const InFlight& entry, const Ack& ack, Millis now) {
    const auto* lane = entry.part == Part::record ? "record" : entry.part == Part::state ? "state" : "alert";
    const bool too_large = ack.answer == Ack::Answer::too_large;
    trouble(out, too_large ? Trouble::What::row_too_large : Trouble::What::publish_refused,
            fmt::format("the broker refuses {} {} of {} bytes: {}", lane, entry.number, entry.bytes, ack.reason));
    if (too_large) ++counts_.too_large;
    if (entry.part == Part::record && too_large) records_.step_over(entry.number, entry.number);
    if (entry.part == Part::alert && too_large) alerts_.step_over(alerts_.previous_of(entry.number) + 1, entry.number);
    if (entry.part == Part::record && !too_large) records_.refused(entry.number, now);
    if (entry.part == Part::alert && !too_large) alerts_.refused(entry.number, now);
    state_changed_ = state_changed_ || (too_large && entry.part != Part::state);
}

Actions Pump::on_confirm(std::string_view payload, bool retained, Millis now) {
    Actions out;
    const auto confirm = check_confirm(payload, retained);
    if (!confirm) {
        refuse_confirm(out, confirm.error().message, now);
        return out;
    }
    ++counts_.confirmed;
    if (!confirm_) confirm_ = Confirm{epoch_, 0, 0};
    confirm_->records = std::max(confirm_->records, confirm->records);
    confirm_->alerts = std::max(confirm_->alerts, confirm->alerts);
    fill(out, now);
    return out;
}

Result<Confirm> Pump::check_confirm(std::string_view payload, bool retained) const {
    // A retained confirm would be obeyed again after every reconnect, by journals that have never heard of it.
    if (retained) return fail("confirm: retained; a confirm must be published without the retain flag");
    auto confirm = parse_confirm(payload);
    if (!confirm) return confirm;
    if (settings_.delivery == Delivery::broker)
        return fail("confirm: this gate takes the broker's acknowledgement (delivery: broker)");
    if (confirm->epoch != epoch_) return fail("confirm: epoch {} is not this journal's, {}", confirm->epoch, epoch_);
    if (confirm->records > records_.lane().to)
        return fail("confirm: record {} is beyond the last one, {}", confirm->records, records_.lane().to);
    if (confirm->alerts > alerts_.lane().to)
        return fail("confirm: alert {} is beyond the last one, {}", confirm->alerts, alerts_.lane().to);
    return confirm;
}

// Each refusal that is told becomes a record, and the broker's side must not be able to fill the journal: the rest is counted.
void Pump::refuse_confirm(Actions& out, std::string reason, Millis now) {
    ++counts_.refused_confirms;
    if (!refusals_since_ || now - *refusals_since_ >= kRefusalsIn) {
        refusals_since_ = now;
        if (refusals_untold_ > 0) reason += fmt::format(" (and {} more before it)", refusals_untold_);
        refusals_told_ = refusals_untold_ = 0;
    }
    if (refusals_told_ == kRefusalsTold) {
        ++refusals_untold_;
        return;
    }
    ++refusals_told_;
    trouble(out, Trouble::What::confirm_refused, std::move(reason));
}

Actions Pump::on_outbox(const OutboxHead& head, Millis now) {
    Actions out;
    take_head(head, now);
    fill(out, now);
    return out;
}

void Pump::take_head(const OutboxHead& head, Millis now) {
    counts_changed_ = true;
    if (head.epoch == epoch_) {
        records_.grow(head.records, now);
        alerts_.grow(head.alerts, now);
        return;
    }
    epoch_ = head.epoch;
    confirm_.reset();
    open_alerts_.clear();
    records_.begin(head.records);
    alerts_.begin(head.alerts);
    for (auto& [token, entry] : in_flight_)
        if (entry.part != Part::state) entry.part = Part::forgotten;
    state_changed_ = true;
}

Actions Pump::on_records(Result<std::vector<RecordRow>> rows, Millis now) {
    Actions out;
    if (rows) {
        const auto missing = records_.missing().size();
        const auto from = records_.lane().from;
        records_.take(std::move(*rows), true);
        // Rows that made room: whoever waits for them is to know soon.
        if (records_.missing().size() > missing || records_.lane().from > from) state_changed_ = true;
    } else {
        records_.read_failed();
        ask_store_at_ = now + settings_.read_again_after;
        trouble(out, Trouble::What::store, rows.error().message);
    }
    fill(out, now);
    return out;
}

Actions Pump::on_alerts(Result<std::vector<AlertRow>> rows, Millis now) {
    Actions out;
    if (rows) {
        alerts_.take(std::move(*rows), false);
    } else {
        alerts_.read_failed();
        ask_store_at_ = now + settings_.read_again_after;
        trouble(out, Trouble::What::store, rows.error().message);
    }
    fill(out, now);
    return out;
}

Actions Pump::on_open_alerts(Result<std::vector<AlertRow>> rows, Millis now) {
    Actions out;
    reading_open_alerts_ = false;
    if (!rows) {
        ask_store_at_ = now + settings_.read_again_after;
        trouble(out, Trouble::What::store, rows.error().message);
    } else if (connected_) {
        open_alerts_lost_ = false;
        if (rows->size() > kOpenAlerts) {
            const auto by_lane = [](const AlertRow& a, const AlertRow& b) { return a.lane < b.lane; };
            rows->erase(std::min_element(rows->begin(), rows->end(), by_lane));
            trouble(out, Trouble::What::open_alerts,
                    fmt::format("more than {} alert states are open: the oldest are not retained again", kOpenAlerts));
        }
        for (auto& row : *rows)
            if (!alerts_.has_said(row.lane)) open_alerts_.push_back(std::move(row));
    }
    fill(out, now);
    return out;
}

Actions Pump::on_released(const Result<OutboxHead>& head, Millis now) {
    Actions out;
    releasing_ = false;
    if (head) {
        auto left = *head;
        if (left.epoch == released_.epoch) {
            left.records.from = std::max(left.records.from, released_.records + 1);
            left.alerts.from = std::max(left.alerts.from, released_.alerts + 1);
        }
        take_head(left, now);
    } else {
        // The rows stay and are sent again, so whoever confirmed them will do so again.
        confirm_.reset();
        ask_store_at_ = now + settings_.read_again_after;
        trouble(out, Trouble::What::store, head.error().message);
    }
    fill(out, now);
    return out;
}

Actions Pump::on_state(const GateState& state, Millis now) {
    Actions out;
    if (!state_ || !same_essence(*state_, state)) state_changed_ = true;
    if (!state_ || !same_counts(*state_, state)) counts_changed_ = true;
    state_ = state;
    fill(out, now);
    return out;
}

Actions Pump::on_stop(Millis) {
    Actions out;
    stopping_ = true;
    if (!connected_) return out;
    goodbye_ = next_token_;
    send(out, Part::state, 0, {0, topics_.state(), state_payload(state_.value_or(GateState{}), outbox_state(), false), true});
    state_in_flight_ = true;
    return out;
}

Actions Pump::on_time(Millis now) {
    Actions out;
    fill(out, now);
    return out;
}

std::optional<Millis> Pump::next_deadline() const {
    std::optional<Millis> next = ask_store_at_;
    const auto sooner = [&](std::optional<Millis> at) {
        if (at && (!next || *at < *next)) next = at;
    };
    if (connected_ && !stopping_) {
        sooner(state_due_at());
        sooner(records_.resend_at());
        sooner(alerts_.resend_at());
    }
    return next;
}

Settled Pump::settled() const {
    if (!records_.outstanding() && !alerts_.outstanding()) return Settled::empty;
    return connected_ ? Settled::waiting : Settled::unconnected;
}

PumpCounts Pump::counts() const {
    auto counts = counts_;
    counts.in_flight = in_flight_.size();
    counts.in_flight_bytes = in_flight_bytes_;
    return counts;
}

void Pump::fill(Actions& out, Millis now) {
    if (ask_store_at_ && now >= *ask_store_at_) ask_store_at_.reset();
    release(out);
    if (!connected_ || stopping_) return;
    counts_.resends += records_.resend_if_due(now) ? 1u : 0u;
    counts_.resends += alerts_.resend_if_due(now) ? 1u : 0u;
    publish_state(out, now);
    fill_lanes(out);
    read_more(out);
    release(out);  // rows stepped over may be all there was
}

void Pump::send(Actions& out, Part part, std::uint64_t number, Publish message) {
    message.token = next_token_++;
    in_flight_[message.token] = {part, number, message.payload.size()};
    in_flight_bytes_ += message.payload.size();
    ++counts_.published;
    out.emplace_back(std::move(message));
}

std::optional<Millis> Pump::state_due_at() const {
    if (!state_ || state_in_flight_ || (!state_changed_ && !counts_changed_)) return std::nullopt;
    if (!has_room(1, 0)) return std::nullopt;  // the next acknowledgement makes room
    if (!state_said_at_) return Millis{0};
    return *state_said_at_ + (state_changed_ ? settings_.state_every : settings_.state_counts_every);
}

void Pump::publish_state(Actions& out, Millis now) {
    const auto due = state_due_at();
    if (!due || now < *due) return;
    auto payload = state_payload(*state_, outbox_state(), true);
    send(out, Part::state, 0, {0, topics_.state(), std::move(payload), true});
    state_in_flight_ = true;
    state_said_at_ = now;
    state_changed_ = counts_changed_ = false;
}

OutboxState Pump::outbox_state() const {
    return {{epoch_, records_.lane(), alerts_.lane()}, records_.missing(), alerts_.missing()};
}

void Pump::read_more(Actions& out) {
    if (ask_store_at_) return;
    if (alerts_.wants_read()) out.emplace_back(ReadAlerts{alerts_.begin_read()});
    if (open_alerts_lost_ && !reading_open_alerts_ && !epoch_.empty()) {
        reading_open_alerts_ = true;
        out.emplace_back(ReadOpenAlerts{kOpenAlerts + 1});  // one more shows that there are more
    }
    if (records_.wants_read()) out.emplace_back(ReadRecords{records_.begin_read()});
}

void Pump::release(Actions& out) {
    if (releasing_ || ask_store_at_) return;
    std::uint64_t records = 0;
    std::uint64_t alerts = 0;
    if (settings_.delivery == Delivery::broker) {
        records = records_.acknowledged_to();
        alerts = alerts_.acknowledged_to();
    } else if (confirm_) {
        records = confirm_->records;
        // Not before the broker has this state in this connection, and has cleared the retained one of an alert that is over:
        // else a gate that died between the two would leave an open alert standing at the broker for ever.
        alerts = std::min(confirm_->alerts, alerts_.acknowledged_to());
        if (confirm_->alerts < alerts_.lane().from && confirm_->records < records_.lane().from) confirm_.reset();
    }
    if (records < records_.lane().from) records = 0;
    if (alerts < alerts_.lane().from) alerts = 0;
    if (records == 0 && alerts == 0) return;
    releasing_ = true;
    released_ = {epoch_, records, alerts};
    out.emplace_back(Release{epoch_, records, alerts});
}

void Pump::trouble(Actions& out, Trouble::What what, std::string reason) { out.emplace_back(Trouble{what, std::move(reason)}); }

}  // namespace menshen::mqtt
