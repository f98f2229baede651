#include "tests/daemon/mqtt/conversation.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/catch.hpp"

namespace menshen::test {

using namespace mqtt;

namespace {

PumpSettings with_names(PumpSettings settings) {
    settings.site = SiteId("tianlin-12");
    settings.gate = GateId("east");
    return settings;
}

}  // namespace

Talk::Talk(PumpSettings settings) : pump_(with_names(std::move(settings))) {}

OutboxHead Talk::head() const {
    return {epoch,
            {records_.empty() ? records_to_ + 1 : records_.begin()->first, records_to_},
            {alerts_.empty() ? alerts_to_ + 1 : 1, alerts_to_}};
}

void Talk::add_open(const std::string& alert, std::uint64_t lane) {
    const auto body = fmt::format(R"({{"alert":"{}","change":1}})", alert);
    open_[alert] = {lane, AlertId(alert), RecipientId("grid-3"), false, body};
    alerts_to_ = std::max(alerts_to_, lane);
}

std::vector<std::string> Talk::happens(const std::string& what) {
    std::istringstream in(what);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    said_.clear();
    happen(words);
    return said_;
}

void Talk::happen(const std::vector<std::string>& w) {
    const auto number = [&](std::size_t i) { return std::stoull(w.at(i)); };
    if (w[0] == "records") {
        for (auto n = number(1); n > 0; --n) {
            const auto seq = ++records_to_;
            const auto size = size_of_record.contains(seq) ? size_of_record[seq] : record_bytes;
            auto bytes = fmt::format(R"({{"seq":{},"pad":")", seq);
            records_[seq] = bytes + std::string(size - std::min(size, bytes.size() + 2), 'x') + "\"}";
        }
        act(pump_.on_outbox(head(), now));
    } else if (w[0] == "alert") {
        std::erase_if(alerts_, [&](const auto& entry) { return entry.second.alert.str() == w[1]; });
        const auto lane = ++alerts_to_;
        const auto body = fmt::format(R"({{"alert":"{}","change":{},"pad":"{}"}})", w[1], w[2], std::string(alert_padding, 'x'));
        alerts_[lane] = {lane, AlertId(w[1]), RecipientId("grid-3"), w.size() > 3, body};
        if (alerts_[lane].over)
            open_.erase(w[1]);
        else
            open_[w[1]] = alerts_[lane];
        act(pump_.on_outbox(head(), now));
    } else if (w[0] == "evict") {
        std::erase_if(records_, [&](const auto& entry) { return entry.first <= number(1); });
        act(pump_.on_outbox(head(), now));
    } else if (w[0] == "lose") {  // one record in the middle: a damaged page
        records_.erase(number(1));
    } else if (w[0] == "epoch") {
        epoch = w[1];
        records_.clear();
        alerts_.clear();
        records_to_ = alerts_to_ = 0;
        act(pump_.on_outbox(head(), now));
    } else if (w[0] == "connect") {
        pending_.clear();
        act(pump_.on_connected(w.size() == 1, now));
    } else if (w[0] == "disconnect") {
        pending_.clear();
        act(pump_.on_disconnected(now));
    } else if (w[0] == "ack") {
        acknowledge(w[1] == "all" ? pending_.size() : number(1), {});
    } else if (w[0] == "nack") {
        acknowledge(1, {w[1] == "too_large" ? Ack::Answer::too_large : Ack::Answer::refused, w[1]});
    } else if (w[0] == "confirm") {
        const auto payload = fmt::format(R"({{"epoch":"{}","records":{},"alerts":{}}})", epoch, w[1], w[2]);
        act(pump_.on_confirm(payload, false, now));
    } else if (w[0] == "say") {
        act(pump_.on_confirm(w[1], w.size() > 2, now));
    } else if (w[0] == "wait") {
        now += Millis{static_cast<long long>(number(1))};
        act(pump_.on_time(now));
    } else if (w[0] == "state") {
        gate_.doors[DoorId("front")] = w[1];
        act(pump_.on_state(gate_, now));
    } else if (w[0] == "stop") {
        act(pump_.on_stop(now));
    } else if (w[0] == "store") {
        store_fails_ = w[1] == "fails";
        store_waits_ = w[1] == "waits";
        if (w[1] == "answers") act(std::exchange(kept_back_, {}));
    } else {
        FAIL("no such turn: " << w[0]);
    }
}

void Talk::acknowledge(std::size_t count, const Ack& ack) {
    for (; count > 0; --count) {
        REQUIRE_FALSE(pending_.empty());
        const auto token = pending_.front();
        pending_.erase(pending_.begin());
        act(pump_.on_ack(token, ack, now));
    }
}

void Talk::act(Actions actions) {
    for (auto& action : actions) {
        if (store_waits_ && !std::holds_alternative<Publish>(action) && !std::holds_alternative<Trouble>(action)) {
            kept_back_.push_back(std::move(action));
            continue;
        }
        std::visit(Match{[&](const Publish& publish) { say(publish); },
                         [&](const Trouble& trouble) { said_.push_back("trouble " + trouble.reason); },
                         [&](const auto& question) { answer(question); }},
                   action);
    }
}

void Talk::say(const Publish& publish) {
    pending_.push_back(publish.token);
    last_ = publish;
    const std::string root = "menshen/v1/tianlin-12/east/";
    REQUIRE(publish.topic.substr(0, root.size()) == root);
    const auto what = publish.topic.substr(root.size());
    const auto json = nlohmann::json::parse(publish.payload, nullptr, false);
    if (what == "state") {
        CHECK(publish.retain);
        state_ = publish.payload;
        said_.push_back(json.at("online").get<bool>() ? "state online" : "state offline");
    } else if (what == "records") {
        CHECK_FALSE(publish.retain);
        said_.push_back(fmt::format("record {}", json.at("seq").get<int>()));
    } else if (publish.payload.empty()) {
        CHECK(publish.retain);
        said_.push_back("clear " + what.substr(std::string("alerts/grid-3/").size()));
    } else {
        said_.push_back(fmt::format("alert {} {} lane {} after {}{}", json.at("alert").get<std::string>(),
                                    json.at("change").get<int>(), json.at("lane").get<int>(), json.at("previous").get<int>(),
                                    publish.retain ? "" : " last"));
    }
}

void Talk::answer(const ReadRecords& read) {
    if (store_fails_) return act(pump_.on_records(fail("disk error"), now));
    std::vector<RecordRow> rows;
    for (auto at = records_.upper_bound(read.bounds.after); at != records_.end() && rows.size() < read.bounds.rows; ++at)
        rows.push_back({at->first, at->second});
    act(pump_.on_records(std::move(rows), now));
}

void Talk::answer(const ReadAlerts& read) {
    if (store_fails_) return act(pump_.on_alerts(fail("disk error"), now));
    std::vector<AlertRow> rows;
    for (auto at = alerts_.upper_bound(read.bounds.after); at != alerts_.end() && rows.size() < read.bounds.rows; ++at)
        rows.push_back(at->second);
    act(pump_.on_alerts(std::move(rows), now));
}

void Talk::answer(const ReadOpenAlerts&) {
    if (store_fails_) return act(pump_.on_open_alerts(fail("disk error"), now));
    std::vector<AlertRow> rows;
    for (const auto& [name, row] : open_) rows.push_back(row);
    act(pump_.on_open_alerts(std::move(rows), now));
}

void Talk::answer(const Release& release) {
    if (store_fails_) return act(pump_.on_released(fail("disk error"), now));
    said_.push_back(fmt::format("release {} {}", release.records, release.alerts));
    CHECK(release.epoch == epoch);
    records_.erase(records_.begin(), records_.upper_bound(release.records));
    alerts_.erase(alerts_.begin(), alerts_.upper_bound(release.alerts));
    act(pump_.on_released(head(), now));
}

void play(Talk& talk, const std::vector<Turn>& turns) {
    std::size_t turn = 0;
    for (const auto& [happens, said] : turns) {
        CAPTURE(++turn, happens);
        REQUIRE(talk.happens(happens) == said);
    }
}

}  // namespace menshen::test
