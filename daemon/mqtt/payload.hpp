#pragma once
/// Topics and payloads of the contract (docs/mqtt.md): pure, any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/alert.hpp"
#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "daemon/mqtt/outbox.hpp"

namespace menshen::mqtt {

/// "menshen/v1/<site>/<gate>/" in front of everything this gate says and hears.
class Topics {
public:
    /// Both ids must be topic safe (core/id.hpp); the config check sees to it.
    Topics(const SiteId& site, const GateId& gate);
    [[nodiscard]] std::string state() const { return root_ + "state"; }
    [[nodiscard]] std::string records() const { return root_ + "records"; }
    [[nodiscard]] std::string confirm() const { return root_ + "confirm"; }
    [[nodiscard]] std::string alert(const RecipientId& to, const AlertId& alert) const;

private:
    std::string root_;
};

/// What the app knows of the gate. A difference in `at` alone is not worth a message; in `queues` and
/// `chain_*` alone it may wait.
struct GateState {
    Stamp at;             ///< When this was so; event time.
    std::string version;  ///< Of the software.
    std::string rules_version;
    std::uint64_t roster_version = 0;
    std::map<DoorId, std::string> doors;          ///< "locked", "unlocked", "open", "held", ...
    std::map<DeviceId, std::string> devices;      ///< "online", or "offline: <why>"
    std::map<std::string, std::uint64_t> queues;  ///< Depths of queues other than the outbox, by name.
    bool wall_is_trusted = true;
    std::uint64_t chain_seq = 0;  ///< Last record in the chain, and its link in hex.
    std::string chain_head;
};

/// First and last number, both included.
using Range = std::pair<std::uint64_t, std::uint64_t>;

struct OutboxState {
    OutboxHead head;
    /// Numbers above `from` that will never come, in order: a consumer steps over them.
    std::vector<Range> records_missing;
    std::vector<Range> alerts_missing;
};

[[nodiscard]] std::string state_payload(const GateState& gate, const OutboxState& outbox, bool online);
/// The will: what the broker says for a gate that has gone.
[[nodiscard]] std::string will_payload();

/// The words put in place of {person} and {household}; ids stand there when the config lets no names travel.
struct AlertNames {
    std::string person;
    std::string household;
};
/// Body of an alert for AlertRow::payload. The same change gives the same bytes.
[[nodiscard]] std::string alert_body(const AlertChange& change, const AlertNames& names);
/// `body` with epoch, lane and previous in front. `body` must be a JSON object that has none of them.
[[nodiscard]] std::string stamp_alert(std::string_view body, const std::string& epoch, std::uint64_t lane,
                                      std::uint64_t previous);

struct Confirm {
    std::string epoch;
    std::uint64_t records = 0;
    std::uint64_t alerts = 0;
};
/// Strict: an object of exactly epoch (8 hex digits), records and alerts (whole numbers); at most 1 KiB. Says what is wrong.
[[nodiscard]] Result<Confirm> parse_confirm(std::string_view payload);

}  // namespace menshen::mqtt
