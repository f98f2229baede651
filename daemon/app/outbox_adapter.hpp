#pragma once
/// The store's outbox as the mqtt room wants to see it. Loop thread only.

#include "daemon/mqtt/outbox.hpp"
#include "daemon/store/store.hpp"

namespace menshen::app {

/// What of each lane may still be outstanding.
[[nodiscard]] mqtt::OutboxHead to_outbox_head(const store::Head& head);

class OutboxAdapter : public mqtt::OutboxSource {
public:
    explicit OutboxAdapter(store::Store& store) : store_(store) {}

    void read_records(Bounds bounds, std::function<void(Result<std::vector<mqtt::RecordRow>>)> done) override;
    void read_alerts(Bounds bounds, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) override;
    void read_open_alerts(std::size_t rows, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) override;
    void release(std::string epoch, std::uint64_t records, std::uint64_t alerts,
                 std::function<void(Result<mqtt::OutboxHead>)> done) override;

private:
    store::Store& store_;
};

}  // namespace menshen::app
