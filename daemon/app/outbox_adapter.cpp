#include "daemon/app/outbox_adapter.hpp"

namespace menshen::app {

namespace {

Result<std::vector<mqtt::AlertRow>> to_rows(const Result<std::vector<store::AlertRow>>& rows) {
    if (!rows) return tl::unexpected(rows.error());
    std::vector<mqtt::AlertRow> out;
    out.reserve(rows->size());
    for (const auto& row : *rows)
        out.push_back({.lane = row.n, .alert = row.alert, .to = row.to, .over = !row.open, .payload = row.payload});
    return out;
}

}  // namespace

mqtt::OutboxHead to_outbox_head(const store::Head& head) {
    mqtt::OutboxHead out;
    out.epoch = head.epoch;
    out.records = {.from = head.first_record, .to = head.seq};
    out.alerts = {.from = head.first_alert, .to = head.alert_n};
    return out;
}

void OutboxAdapter::read_records(Bounds bounds, std::function<void(Result<std::vector<mqtt::RecordRow>>)> done) {
    store_.read_records_lane(bounds.after, bounds.rows, bounds.bytes, [done = std::move(done)](const auto& rows) {
        if (!rows) return done(tl::unexpected(rows.error()));
        std::vector<mqtt::RecordRow> out;
        out.reserve(rows->size());
        for (const auto& row : *rows) out.push_back({row.seq, row.payload});
        done(std::move(out));
    });
}

void OutboxAdapter::read_alerts(Bounds bounds, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) {
    store_.read_alert_lane(bounds.after, bounds.rows, [done = std::move(done)](const auto& rows) { done(to_rows(rows)); });
}

void OutboxAdapter::read_open_alerts(std::size_t rows, std::function<void(Result<std::vector<mqtt::AlertRow>>)> done) {
    store_.alerts(store::Store::Which::open, rows, [done = std::move(done)](const auto& open) { done(to_rows(open)); });
}

void OutboxAdapter::release(std::string epoch, std::uint64_t records, std::uint64_t alerts,
                            std::function<void(Result<mqtt::OutboxHead>)> done) {
    store_.confirm({std::move(epoch), records, alerts}, [done = std::move(done)](const Result<store::Head>& head) {
        if (!head) return done(tl::unexpected(head.error()));
        done(to_outbox_head(*head));
    });
}

}  // namespace menshen::app
