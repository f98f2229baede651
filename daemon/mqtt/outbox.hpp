#pragma once
/// What the mqtt room needs of the outbox: the store keeps it, the app adapts it, tests fake it.
///
/// Two lanes, each with numbers of its own that only grow within an epoch:
/// - records: the journal's sequence; a row is the record's stored bytes;
/// - alerts: a counter; a row is the newest state of one alert for one recipient, and takes the place of the older row of the
/// pair.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"

namespace menshen::mqtt {

struct RecordRow {
    std::uint64_t seq = 0;
    std::string bytes;  ///< Canonical JSON as stored; published unchanged.
};

struct AlertRow {
    std::uint64_t lane = 0;
    AlertId alert;
    RecipientId to;
    bool over = false;    ///< Resolved: the retained message is cleared after this state.
    std::string payload;  ///< One JSON object (see alert_body); epoch, lane and previous are put in front of it when it leaves.
};

/// How far a lane goes. Nothing is outstanding when `from` is beyond `to`.
struct Lane {
    std::uint64_t from = 1;  ///< Lowest number that may still be outstanding.
    std::uint64_t to = 0;    ///< Highest number ever given in this epoch; 0 when none was.
    bool operator==(const Lane&) const = default;
};

struct OutboxHead {
    std::string epoch;
    Lane records;
    Lane alerts;
    bool operator==(const OutboxHead&) const = default;
};

/// The whole interface is called on the loop and answers on the loop, never from inside the call. Every call is answered once.
class OutboxSource {
public:
    struct Bounds {
        std::uint64_t after = 0;  ///< Rows with a higher number, lowest first.
        std::size_t rows = 64;
        std::size_t bytes = 256 * 1024;  ///< The first row comes even if it alone is larger.
    };
    virtual ~OutboxSource() = default;
    virtual void read_records(Bounds bounds, std::function<void(Result<std::vector<RecordRow>>)> done) = 0;
    virtual void read_alerts(Bounds bounds, std::function<void(Result<std::vector<AlertRow>>)> done) = 0;
    /// Alerts that are open, as they now stand, let go of or not: their retained messages, for a broker that lost its memory. At
    /// most `rows`; the newest when there are more.
    virtual void read_open_alerts(std::size_t rows, std::function<void(Result<std::vector<AlertRow>>)> done) = 0;
    /// Deletes the outbox rows of `epoch` up to and including these numbers (0: none) and answers with the head that is left.
    virtual void release(std::string epoch, std::uint64_t records, std::uint64_t alerts,
                         std::function<void(Result<OutboxHead>)> done) = 0;
};

}  // namespace menshen::mqtt
