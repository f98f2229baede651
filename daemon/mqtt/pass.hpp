#pragma once
/// One lane's way through the outbox since the last (re)start of its pass: what was read, what is in flight, what waits for a
/// confirm, and when to begin again. Part of the pump; no threads, no clock.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "daemon/mqtt/outbox.hpp"
#include "daemon/mqtt/payload.hpp"

namespace menshen::mqtt {

[[nodiscard]] inline std::uint64_t number_of(const RecordRow& row) { return row.seq; }
[[nodiscard]] inline std::uint64_t number_of(const AlertRow& row) { return row.lane; }

struct PassSettings {
    std::size_t ahead_rows = 512;
    std::size_t read_rows = 64;
    std::size_t read_bytes = 256 * 1024;
    Millis resend_after{10'000};
    Millis resend_at_most{600'000};
};

template <class Row>
class Pass {
public:
    explicit Pass(PassSettings settings) : settings_(settings), resend_wait_(settings.resend_after) {}

    /// Another epoch: nothing of the old one counts any more.
    void begin(Lane lane) {
        lane_ = {std::max<std::uint64_t>(lane.from, 1), lane.to};
        missing_.clear();
        restart();
    }

    /// From the lowest unconfirmed row again. Nothing of this lane may be in flight any more (or it no longer counts).
    void restart() {
        rows_.clear();
        in_flight_.clear();
        unconfirmed_.clear();
        read_to_ = done_to_ = said_ = lane_.from - 1;
        stopped_at_.reset();
        resend_at_.reset();
        draining_ = false;
        if (reading_) answer_is_stale_ = true;
    }

    /// The store's view of the lane; it only grows. True when rows were let go of.
    bool grow(Lane lane, Millis now) {
        lane_.to = std::max(lane_.to, lane.to);
        if (lane.from <= lane_.from) return false;
        raise_from(lane.from);
        resend_wait_ = settings_.resend_after;
        resend_at_.reset();
        if (!unconfirmed_.empty()) resend_at_ = now + resend_wait_;
        return true;
    }

    // --- Reading ---

    [[nodiscard]] bool wants_read() const { return !reading_ && read_to_ < lane_.to && rows_.size() < settings_.read_rows / 2; }

    [[nodiscard]] OutboxSource::Bounds begin_read() {
        reading_ = true;
        asked_after_ = read_to_;
        asked_to_ = lane_.to;
        return {read_to_, settings_.read_rows, settings_.read_bytes};
    }

    void read_failed() { reading_ = answer_is_stale_ = false; }

    /// `every_number`: the lane has no holes of its own, so one means rows that made room or were damaged.
    void take(std::vector<Row> rows, bool every_number) {
        reading_ = false;
        if (std::exchange(answer_is_stale_, false)) return;
        // Nothing outstanding below the first row, when the question began at the bottom.
        const bool from_the_bottom = asked_after_ + 1 == lane_.from;
        if (from_the_bottom) raise_from(rows.empty() ? asked_to_ + 1 : number_of(rows.front()));
        if (rows.empty()) read_to_ = std::max(read_to_, asked_to_);
        for (auto& row : rows) {
            const auto number = number_of(row);
            if (number <= read_to_) continue;
            if (every_number && number > read_to_ + 1) step_over(read_to_ + 1, number - 1);
            read_to_ = number;
            rows_.push_back(std::move(row));
        }
    }

    // --- Publishing ---

    [[nodiscard]] bool ready() const { return !rows_.empty() && !blocked(); }
    /// More is to come in this lane, now or as soon as the store answers.
    [[nodiscard]] bool waits() const { return !blocked() && (!rows_.empty() || read_to_ < lane_.to); }
    [[nodiscard]] const Row& front() const { return rows_.front(); }
    /// The number published before the next row; 0 when none that is outstanding.
    [[nodiscard]] std::uint64_t previous() const { return said_ < lane_.from ? 0 : said_; }

    void sent_front(std::size_t parts) {
        const auto number = number_of(rows_.front());
        in_flight_[number] = {parts, previous()};
        unconfirmed_.push_back(number);
        said_ = done_to_ = number;
        rows_.pop_front();
    }

    /// Published in this pass and not let go of.
    [[nodiscard]] bool has_said(std::uint64_t number) const {
        return std::binary_search(unconfirmed_.begin(), unconfirmed_.end(), number);
    }

    /// Not published itself; `parts` messages that belong to it (a clearing) are.
    void skip_front(std::size_t parts = 0) {
        done_to_ = number_of(rows_.front());
        if (parts > 0) in_flight_[done_to_] = {parts, previous()};
        rows_.pop_front();
    }

    void acknowledged(std::uint64_t number) {
        const auto found = in_flight_.find(number);
        if (found != in_flight_.end() && --found->second.parts == 0) in_flight_.erase(found);
    }

    /// The broker will not have this row now: nothing from here on counts as taken before the next pass.
    void refused(std::uint64_t number, Millis now) {
        stopped_at_ = std::min(stopped_at_.value_or(number), number);
        if (!resend_at_) resend_at_ = now + resend_wait_;
    }

    /// Everything up to here was taken by the broker in this pass.
    [[nodiscard]] std::uint64_t acknowledged_to() const {
        auto to = in_flight_.empty() ? done_to_ : in_flight_.begin()->first - 1;
        if (stopped_at_) to = std::min(to, *stopped_at_ - 1);
        return to;
    }

    /// Numbers that will never be published: a consumer steps over them.
    void step_over(std::uint64_t first, std::uint64_t last) {
        const auto at = std::lower_bound(missing_.begin(), missing_.end(), Range{first, last});
        if (at == missing_.end() || *at != Range{first, last}) missing_.insert(at, {first, last});
    }
    [[nodiscard]] bool is_missing(std::uint64_t number) const {
        return std::any_of(missing_.begin(), missing_.end(),
                           [&](const Range& r) { return r.first <= number && number <= r.second; });
    }
    /// What the row in flight was published after.
    [[nodiscard]] std::uint64_t previous_of(std::uint64_t number) const {
        const auto found = in_flight_.find(number);
        return found == in_flight_.end() ? number - 1 : found->second.previous;
    }

    // --- Resending ---

    /// An acknowledgement came: from now on a confirm is awaited.
    void await_confirm(Millis now) {
        if (!resend_at_ && !unconfirmed_.empty()) resend_at_ = now + resend_wait_;
    }
    [[nodiscard]] std::optional<Millis> resend_at() const { return draining_ ? std::nullopt : resend_at_; }

    /// Begins again when it is time and nothing is in flight; says whether it did. Until then nothing more is published.
    bool resend_if_due(Millis now) {
        if (!draining_ && (!resend_at_ || now < *resend_at_)) return false;
        draining_ = true;
        if (!in_flight_.empty()) return false;
        restart();
        // A platform that is away for days must not find every row a thousand times in its queue.
        resend_wait_ = std::min(resend_wait_ * 2, settings_.resend_at_most);
        return true;
    }
    void reset_wait() { resend_wait_ = settings_.resend_after; }

    [[nodiscard]] const Lane& lane() const { return lane_; }
    [[nodiscard]] const std::vector<Range>& missing() const { return missing_; }
    [[nodiscard]] bool outstanding() const { return lane_.from <= lane_.to; }
    [[nodiscard]] bool reading() const { return reading_; }

private:
    struct Parts {
        std::size_t parts = 1;
        std::uint64_t previous = 0;
    };

    [[nodiscard]] bool blocked() const { return draining_ || unconfirmed_.size() >= settings_.ahead_rows; }

    void raise_from(std::uint64_t from) {
        if (from <= lane_.from) return;
        lane_.from = from;
        while (!rows_.empty() && number_of(rows_.front()) < from) rows_.pop_front();
        while (!unconfirmed_.empty() && unconfirmed_.front() < from) unconfirmed_.pop_front();
        std::erase_if(missing_, [&](const Range& r) { return r.second < from; });
        read_to_ = std::max(read_to_, from - 1);
        done_to_ = std::max(done_to_, from - 1);
        said_ = std::max(said_, from - 1);
    }

    PassSettings settings_;
    Lane lane_;
    std::deque<Row> rows_;  // read, not yet published
    std::map<std::uint64_t, Parts> in_flight_;
    std::deque<std::uint64_t> unconfirmed_;  // published in this pass, not let go of
    std::vector<Range> missing_;
    std::uint64_t read_to_ = 0;
    std::uint64_t done_to_ = 0;  // highest published or stepped over
    std::uint64_t said_ = 0;     // highest published
    std::uint64_t asked_after_ = 0, asked_to_ = 0;
    bool reading_ = false;
    bool answer_is_stale_ = false;  // the pass began again while a read was under way
    bool draining_ = false;
    std::optional<std::uint64_t> stopped_at_;
    std::optional<Millis> resend_at_;
    Millis resend_wait_;
};

}  // namespace menshen::mqtt
