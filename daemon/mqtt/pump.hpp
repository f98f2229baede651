#pragma once
/// Decides what is published and when: a reducer without threads or clock. Every call takes the time (real, monotonic; it governs
/// waits on the outside only) and returns what is to be done, in order. See docs/mqtt.md, "Delivery".

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/time.hpp"
#include "daemon/mqtt/outbox.hpp"
#include "daemon/mqtt/pass.hpp"
#include "daemon/mqtt/payload.hpp"

namespace menshen::mqtt {

enum class Delivery : unsigned char {
    platform,  ///< Rows go when the platform confirms them.
    broker,    ///< Rows go when the broker acknowledges them; a crashed broker may lose what it acknowledged.
};

struct PumpSettings {
    SiteId site;
    GateId gate;
    Delivery delivery = Delivery::platform;
    std::size_t window_messages = 20;  ///< Handed to the client library and not acknowledged.
    std::size_t window_bytes = 256 * 1024;
    std::size_t ahead_rows = 512;            ///< Acknowledged or in flight, not confirmed: what one resend may cost.
    std::size_t payload_limit = 128 * 1024;  ///< A larger row is stepped over and reported.
    Millis resend_after{10'000};  ///< No confirm for so long after the last acknowledgement; doubles up to resend_at_most.
    Millis resend_at_most{600'000};
    Millis state_every{1'000};          ///< At most one state message in this time,
    Millis state_counts_every{10'000};  ///< or in this time when only counts have changed.
    Millis read_again_after{1'000};     ///< After the store failed to read or release.
};

/// Give this to the broker, QoS 1. `token` comes back in on_ack.
struct Publish {
    std::uint64_t token = 0;
    std::string topic;
    std::string payload;
    bool retain = false;
};
struct ReadRecords {
    OutboxSource::Bounds bounds;
};
struct ReadAlerts {
    OutboxSource::Bounds bounds;
};
struct ReadOpenAlerts {
    std::size_t rows = 0;
};
struct Release {
    std::string epoch;
    std::uint64_t records = 0;
    std::uint64_t alerts = 0;
};
/// Something to count, log and, for a refused confirm, to record.
struct Trouble {
    enum class What : unsigned char { confirm_refused, row_too_large, publish_refused, open_alerts, store, link };
    What what = What::store;
    std::string reason;
};
using Action = std::variant<Publish, ReadRecords, ReadAlerts, ReadOpenAlerts, Release, Trouble>;
using Actions = std::vector<Action>;

/// How the broker answered a publish.
struct Ack {
    enum class Answer : unsigned char { accepted, too_large, refused };
    Answer answer = Answer::accepted;
    std::string reason;
};

enum class Settled : unsigned char {
    empty,        ///< Nothing is outstanding and nothing is being asked of the store.
    unconnected,  ///< Rows are outstanding and no broker is there to take them.
    waiting,      ///< Rows are outstanding and on their way.
};

struct PumpCounts {
    std::uint64_t published = 0, acknowledged = 0, confirmed = 0, refused_confirms = 0, resends = 0, too_large = 0;
    std::size_t in_flight = 0;
    std::size_t in_flight_bytes = 0;
};

class Pump {
public:
    explicit Pump(PumpSettings settings);

    /// `session_present`: the broker remembers us, so it holds what we had it retain. Else, and once in each process, open
    /// alerts are said again: the newest 500, with a Trouble when there are more.
    [[nodiscard]] Actions on_connected(bool session_present, Millis now);
    [[nodiscard]] Actions on_disconnected(Millis now);
    [[nodiscard]] Actions on_ack(std::uint64_t token, const Ack& ack, Millis now);
    /// A message on `confirm`. Refused with a Trouble: not ours to understand, retained, of another epoch, beyond what was
    /// committed.
    [[nodiscard]] Actions on_confirm(std::string_view payload, bool retained, Millis now);

    /// The outbox has grown, or made room, or another epoch has begun.
    [[nodiscard]] Actions on_outbox(const OutboxHead& head, Millis now);
    /// Answers to ReadRecords, ReadAlerts, ReadOpenAlerts and Release: each action gets one answer.
    [[nodiscard]] Actions on_records(Result<std::vector<RecordRow>> rows, Millis now);
    [[nodiscard]] Actions on_alerts(Result<std::vector<AlertRow>> rows, Millis now);
    [[nodiscard]] Actions on_open_alerts(Result<std::vector<AlertRow>> rows, Millis now);
    [[nodiscard]] Actions on_released(const Result<OutboxHead>& head, Millis now);

    [[nodiscard]] Actions on_state(const GateState& state, Millis now);
    /// The last word before a clean disconnect: state with online false. Nothing else is published after it.
    [[nodiscard]] Actions on_stop(Millis now);
    /// After on_stop: the broker has the last word, or is not there to take it.
    [[nodiscard]] bool said_goodbye() const { return stopping_ && (!connected_ || goodbye_taken_); }
    /// The broker has acknowledged the last word, so the will need not speak.
    [[nodiscard]] bool goodbye_taken() const { return goodbye_taken_; }

    [[nodiscard]] Actions on_time(Millis now);
    [[nodiscard]] std::optional<Millis> next_deadline() const;

    [[nodiscard]] Settled settled() const;
    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] PumpCounts counts() const;

private:
    enum class Part : unsigned char { record, alert, open_alert, state, forgotten };
    struct InFlight {
        Part part = Part::state;
        std::uint64_t number = 0;
        std::size_t bytes = 0;
    };

    void fill(Actions& out, Millis now);
    void fill_lanes(Actions& out);
    /// False: no room in the window.
    [[nodiscard]] bool publish_alert(Actions& out);
    [[nodiscard]] bool publish_record(Actions& out);
    [[nodiscard]] bool publish_open_alert(Actions& out);
    [[nodiscard]] bool step_over_alert(Actions& out, std::size_t size);
    void drop_open_alert(const AlertRow& newer);
    [[nodiscard]] bool step_over_record(Actions& out);
    void publish_state(Actions& out, Millis now);
    void send(Actions& out, Part part, std::uint64_t number, Publish message);
    void read_more(Actions& out);
    void release(Actions& out);
    void take_head(const OutboxHead& head, Millis now);
    [[nodiscard]] Result<Confirm> check_confirm(std::string_view payload, bool retained) const;
    void refuse_confirm(Actions& out, std::string reason, Millis now);
    void on_refusal(Actions& out, const InFlight& entry, const Ack& ack, Millis now);
    void trouble(Actions& out, Trouble::What what, std::string reason);
    [[nodiscard]] bool has_room(std::size_t slots, std::size_t bytes) const;
    [[nodiscard]] std::optional<Millis> state_due_at() const;
    [[nodiscard]] OutboxState outbox_state() const;

    PumpSettings settings_;
    Topics topics_;
    std::string epoch_;
    Pass<RecordRow> records_;
    Pass<AlertRow> alerts_;
    bool connected_ = false;
    bool stopping_ = false;
    std::optional<std::uint64_t> goodbye_;  // token of the last word
    bool goodbye_taken_ = false;
    std::uint64_t next_token_ = 1;
    std::map<std::uint64_t, InFlight> in_flight_;  // by token
    std::size_t in_flight_bytes_ = 0;
    std::deque<AlertRow> open_alerts_;  // to be retained again; let go of, so in no lane
    std::size_t alerts_since_record_ = 0;
    std::optional<Confirm> confirm_;  // accepted, not yet carried out as a whole
    bool open_alerts_lost_ = true;    // the broker may have forgotten them; nobody knows how the last process ended
    bool reading_open_alerts_ = false;
    bool releasing_ = false;
    Release released_;                    // asked for last
    std::optional<Millis> ask_store_at_;  // set after the store failed
    std::optional<GateState> state_;
    bool state_changed_ = false;   // worth a message soon
    bool counts_changed_ = false;  // worth a message some time
    bool state_in_flight_ = false;
    std::optional<Millis> state_said_at_;
    std::optional<Millis> refusals_since_;
    std::size_t refusals_told_ = 0, refusals_untold_ = 0;
    PumpCounts counts_;
};

}  // namespace menshen::mqtt
