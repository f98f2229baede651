// What must hold for every stream of records: live == replay == checkpoint + tail, a log cut short gives a prefix, the order of
// files changes nothing, a crash loses nothing and raises nothing twice. Streams are seeded; a failure prints its seed.

#include <algorithm>
#include <random>
#include <set>

#include "rules/ledger.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

const std::vector<std::string> kRules{
    "{id: a-silence, watch: passage, where: {person.tags: old, not: {certainty: weak}}, per: person, absent: {for: 20h}, unless: "
    "{person.tags: away}}",
    "{id: b-flat, watch: [passage, activity], per: household, absent: {for: 9h}, unless: {gate.tags: rain}}",
    "{id: c-gate, watch: passage, absent: {for: 5h}}",
    "{id: d-often, watch: granted, per: card, count: {over: 6h, more_than: 3}}",
    "{id: e-days, watch: face_seen, per: stranger, days: {consecutive: 3}, legal_basis: test}",
    "{id: f-week, watch: denied, per: door, days: {at_least: 3, within: 5d}, during: \"20:00-08:00\"}",
    "{id: g-held, watch: [door_held, door_forced], per: door, each: {cooldown: 3h}, open_for: 40m}",
    "{id: h-manual, watch: passage, per: person, absent: {for: 30h}, resolve: manual}",
    "{id: i-life, watch: passage, per: person, absent: {for: 10h}, notify_between: \"07:00-21:00\", alert: {to: [cadre], "
    "repeat_every: 5h, "
    "escalate: [{after: 3h, severity: warning, to: [duty]}, {after: 9h, severity: critical}], severity: info}}",
    "{id: j-who, watch: granted, per: card, distinct: {of: who, over: 12h, more_than: 2}}",
    "{id: k-flat, watch: granted, per: household, distinct: {of: card, over: 1d, more_than: {household.size: +1, unknown: 2}}}",
    "{id: l-flat-count, watch: granted, per: household, count: {over: 5h, more_than: {household.size: 0}}}",
    "{id: m-clone, watch: card_read, per: card, sequence: {then: {watch: card_read, differs: door}, within: 2h}, open_for: 3h}",
    "{id: n-ajar, watch: door_opened, per: door, sequence: {then_not: {watch: door_closed}, within: 90m}}",
    "{id: o-forced, watch: door_opened, per: door, sequence: {not_before: {watch: [granted, exit_request]}, within: 30m}}",
    "{id: p-rhythm, watch: [passage, activity], per: person, absent: {budget: 40 per 30d, at_least: 2h, at_most: 15h}, unless: "
    "{person.tags: away}}",
    "{id: q-use, watch: granted, per: card, baseline: {over: 1d, budget: 20 per 30d, per_subject: true}}",
    "{id: r-strangers, watch: face_seen, where: {not: {stranger.label: courier}}, per: stranger, legal_basis: test, each: {}, "
    "open_for: "
    "2h}",
    "{id: s-workday, watch: passage, weekdays: [mon, tue, wed], during: \"22:00-06:00\", per: door, each: {}, notify_between: "
    "\"08:00-09:00\"}",
};

/// Sources, mutes, labels and tags with an end come as records like any other.
const EngineSettings kSettings{.bundle_after = 2};

std::string rule_file(const std::vector<std::string>& rules) {
    std::string out = "rules:\n";
    for (const auto& rule : rules) out += "  - " + rule + "\n";
    return out;
}

std::string key_of(const AlertChange& c) {
    return fmt::format("{} {} {} {} {} #{}", c.rule.str(), c.subject, to_text(c.state), to_text(c.at), c.id.str(), c.change);
}

std::vector<std::string> keys_of(const std::vector<AlertChange>& changes) {
    std::vector<std::string> out;
    for (const auto& change : changes) out.push_back(key_of(change));
    return out;
}

void append(std::vector<AlertChange>& to, std::vector<AlertChange> from) { to.insert(to.end(), from.begin(), from.end()); }

/// A gate with clocks that misbehave, people who come and go, and power cuts.
class Gate {
public:
    explicit Gate(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] Now now() const {
        const auto wall = trusted_ ? kStart + Millis{true_ms_ + step_ms_} : WallTime{Millis{mono_ms_}};
        return {MonoTime{Millis{mono_ms_}}, Stamp{wall, std::chrono::minutes{480}}, trusted_, boot_};
    }
    void wait() {
        constexpr std::int64_t spans[] = {0, 1, 30'000, 600'000, 3'600'000, 14'400'000, 40'000'000};
        const auto most = spans[pick(7)];
        const auto ms = most == 0 ? 0 : std::uniform_int_distribution<std::int64_t>(0, most)(random_);
        true_ms_ += ms;
        mono_ms_ += ms;
    }
    [[nodiscard]] Record next() {
        const auto roll = pick(100);
        if (roll < 3) return step_clock();
        if (roll < 6) return restart();
        if (roll < 8 && !trusted_) return trust();
        if (roll < 16) return tag();
        if (roll < 19) return mute();
        if (roll < 23) return device();
        if (roll < 24) return merge();
        return traffic();
    }
    [[nodiscard]] Result<AlertChange> say(Engine& engine, const AlertId& id) {
        auto until = now().wall;
        until.time = until.time + Millis{1 + static_cast<std::int64_t>(pick(30'000'000))};
        switch (pick(5)) {
            case 0:
                return engine.acknowledge(id, {"li", "", ""}, now());
            case 1:
                return engine.acknowledge(id, {"li", "on my way", "", until}, now());
            case 2:
                return engine.snooze(id, {"li", "", "", until}, now());
            case 3:
                return engine.note(id, {"li", "rang twice", ""}, now());
            default:
                return engine.close(id, {"li", "", "well"}, now());
        }
    }
    [[nodiscard]] bool is_time_to_look() { return pick(3) == 0; }
    [[nodiscard]] bool is_time_to_speak() { return pick(15) == 0; }
    [[nodiscard]] std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

private:
    static constexpr WallTime kStart{Millis{1'793'462'400'000}};  // 2026-11-01

    template <class T>
    [[nodiscard]] T one_of(const char* prefix, std::size_t n) {
        return T(prefix + std::to_string(pick(n)));
    }
    Record step_clock() {
        step_ms_ += pick(2) == 0 ? 3'600'000 : -3'600'000;
        return make_record(Kind::clock_step, now());
    }
    Record restart() {
        const auto alive = now().wall;
        if (pick(2) == 0) {
            true_ms_ += static_cast<std::int64_t>(pick(60'000'000));
            ++boot_;
            mono_ms_ = static_cast<std::int64_t>(pick(60'000));
            trusted_ = pick(3) > 0;
        } else {
            const auto off = static_cast<std::int64_t>(pick(20'000'000));
            true_ms_ += off;
            mono_ms_ += off;
        }
        auto record = make_record(Kind::started, now());
        if (pick(4) > 0) record.more["alive"] = to_text(alive);
        return record;
    }
    Record trust() {
        trusted_ = true;
        return make_record(Kind::clock_trusted, now());
    }
    Record tag() {
        auto record = make_record(pick(2) == 0 ? Kind::tag_added : Kind::tag_removed, now());
        constexpr const char* tags[] = {"old", "away"};
        if (record.kind == Kind::tag_added && pick(2) == 0) record.more["until"] = later();
        if (pick(4) == 0) {
            record.tag = "rain";
        } else if (pick(5) == 0) {
            record.tag = "courier";
            record.stranger = one_of<StrangerId>("s", 2);
        } else {
            record.tag = tags[pick(2)];
            record.person = one_of<PersonId>("p", 6);
        }
        return record;
    }
    std::string later() {
        auto stamp = now().wall;
        stamp.time = stamp.time + Millis{static_cast<std::int64_t>(pick(60'000'000)) - 3'600'000};
        return to_text(stamp);
    }
    Record mute() {
        constexpr const char* rules[] = {"a-silence", "i-life", "j-who", "o-forced"};
        auto record = make_record(Kind::mute, now());
        record.more["rule"] = std::string(rules[pick(4)]);
        if (pick(2) == 0) record.more["subject"] = "p" + std::to_string(pick(6));
        record.more["until"] = later();
        record.more["by"] = std::string("li");
        record.reason = "known";
        return record;
    }
    Record merge() {
        auto record = make_record(Kind::roster_changed, now());
        record.stranger = one_of<StrangerId>("s", 2);
        record.more["change"] = std::string("stranger_merged");
        record.more["into"] = "s" + std::to_string(2 + pick(2));
        return record;
    }
    Record device() {
        auto record = make_record(pick(2) == 0 ? Kind::device_offline : Kind::device_online, now());
        record.device = DeviceId(pick(2) == 0 ? "front-in" : "front-out");
        record.more["feeds"] = std::vector<std::string>{"passage", "granted"};
        return record;
    }
    Record traffic() {
        constexpr Kind kinds[] = {Kind::passage,     Kind::activity,    Kind::granted,   Kind::granted,
                                  Kind::face_seen,   Kind::denied,      Kind::door_held, Kind::door_forced,
                                  Kind::door_opened, Kind::door_closed, Kind::card_read, Kind::card_read};
        auto record = make_record(kinds[pick(12)], now());
        if (record.kind == Kind::passage) record.side = pick(3) == 0 ? Side::out : Side::in;
        if (pick(2) == 0) record.household_size = 1 + static_cast<std::uint32_t>(pick(2));
        record.person = one_of<PersonId>("p", 6);
        record.household = one_of<HouseholdId>("h", 3);
        record.card = one_of<CardId>("c", 4);
        record.stranger = one_of<StrangerId>("s", 4);
        record.door = one_of<DoorId>("d", 2);
        if (pick(3) > 0) record.certainty = pick(3) == 0 ? Certainty::weak : Certainty::strong;
        return record;
    }

    std::mt19937_64 random_;
    std::int64_t true_ms_ = 0;
    std::int64_t mono_ms_ = 5000;
    std::int64_t step_ms_ = 0;
    std::uint32_t boot_ = 1;
    bool trusted_ = true;
};

/// What the application does: commits records, gives them to the engine, commits what it raises.
struct Live {
    std::vector<Record> journal;
    std::vector<AlertChange> raised;       ///< By rules.
    std::vector<std::string> checkpoints;  ///< After each record.

    void commit(Record record, Engine& engine) {
        record.epoch = "0a1b2c3d";
        record.seq = journal.size() + 1;
        journal.push_back(record);
        auto changes = engine.on_record(record);
        checkpoints.push_back(engine.checkpoint());
        const Now now{record.mono.value_or(MonoTime{}), record.at, record.wall_is_trusted, record.boot};
        commit(std::move(changes), now, engine);
    }
    void commit(std::vector<AlertChange> changes, const Now& now, Engine& engine) {
        append(raised, changes);
        for (const auto& change : changes) commit(to_record(change, now), engine);
    }
};

Record load_record(const RuleSet& rules, const Now& now) {
    auto record = make_record(Kind::rules_changed, now);
    record.more["rules"] = rules.versions();
    return record;
}

Live live(std::uint64_t seed, int steps, const std::shared_ptr<const RuleSet>& rules) {
    Gate gate(seed);
    Live out;
    Engine engine(rules, kSettings);
    out.commit(load_record(*rules, gate.now()), engine);
    for (int i = 0; i < steps; ++i) {
        gate.wait();
        if (gate.is_time_to_look()) out.commit(engine.on_time(gate.now()), gate.now(), engine);
        const auto open = engine.open_alerts();
        if (!open.empty() && gate.is_time_to_speak()) {
            const auto& id = open[gate.pick(open.size())].id;
            const auto change = gate.say(engine, id);
            // It may just have ended by itself.
            if (change) out.commit(to_record(*change, gate.now()), engine);
        }
        out.commit(gate.next(), engine);
    }
    return out;
}

/// Where two checkpoints part, with what stands before it; empty when they are the same.
std::string first_difference(const std::string& a, const std::string& b) {
    if (a == b) return "";
    const auto at = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
    std::string out = fmt::format("at {}: ", at);
    for (auto i = at < 60 ? 0 : at - 60; i < std::min(at + 20, a.size()); ++i) {
        out += a[i] >= ' ' && a[i] <= '~' ? std::string(1, a[i]) : fmt::format("\\{:02x}", static_cast<unsigned char>(a[i]));
    }
    return out;
}

constexpr int kSteps = 350;

}  // namespace

TEST_CASE("live == replay == checkpoint + tail, at every record", "[unit][property]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 25));
    CAPTURE(seed);
    const auto rules = rules_of(rule_file(kRules));
    const auto run = live(seed, kSteps, rules);
    REQUIRE(run.raised.size() > 20);

    Engine replay(rules, kSettings);
    std::vector<AlertChange> replayed;
    std::vector<std::size_t> raised_before;  // each record
    for (std::size_t i = 0; i < run.journal.size(); ++i) {
        raised_before.push_back(replayed.size());
        append(replayed, replay.on_record(run.journal[i]));
        REQUIRE(first_difference(replay.checkpoint(), run.checkpoints[i]) == "");
    }
    // The replay ends with the last record; what was raised after it, live, hung on the time that passed.
    REQUIRE(replayed.size() <= run.raised.size());
    const auto live_keys = keys_of(run.raised);
    const auto replay_keys = keys_of(replayed);
    REQUIRE(std::vector(live_keys.begin(), live_keys.begin() + static_cast<std::ptrdiff_t>(replayed.size())) == replay_keys);

    for (std::size_t cut = 0; cut + 1 < run.journal.size(); cut += 7) {
        CAPTURE(cut);
        auto restored = Engine::restore(rules, kSettings, run.checkpoints[cut]);
        REQUIRE(restored.has_value());
        std::vector<AlertChange> tail;
        for (std::size_t i = 0; i < run.journal.size(); ++i) append(tail, restored->on_record(run.journal[i]));
        const auto keys = keys_of(tail);
        const auto from = replay_keys.begin() + static_cast<std::ptrdiff_t>(raised_before[cut + 1]);
        REQUIRE(keys == std::vector(from, replay_keys.end()));
        CHECK(first_difference(restored->checkpoint(), run.checkpoints.back()) == "");
    }
}

TEST_CASE("(id, change) is unique, and alerts live in order", "[unit][property]") {
    const auto seed = GENERATE(range<std::uint64_t>(100, 125));
    CAPTURE(seed);
    const auto run = live(seed, kSteps, rules_of(rule_file(kRules)));
    std::set<std::pair<std::string, std::uint32_t>> seen;
    std::map<std::string, AlertState> states;
    std::map<std::pair<std::string, std::string>, std::string> open;
    for (const auto& record : run.journal) {
        if (record.kind != Kind::alert) continue;
        const auto change = parse_alert(record);
        REQUIRE(change.has_value());
        REQUIRE(seen.emplace(change->id.str(), change->change).second);
        const auto subject = std::pair(change->rule.str(), change->subject);
        if (change->change == 1) {
            REQUIRE((change->state == AlertState::firing || change->state == AlertState::pending));
            REQUIRE(open.emplace(subject, change->id.str()).second);  // one open alert for a rule and subject
        } else {
            REQUIRE(states.contains(change->id.str()));
            REQUIRE(states[change->id.str()] != AlertState::resolved);
        }
        states[change->id.str()] = change->state;
        if (change->state == AlertState::resolved) open.erase(subject);
    }
}

TEST_CASE("the alerts of a log cut short are a prefix of those of the whole", "[unit][property]") {
    const auto seed = GENERATE(range<std::uint64_t>(200, 220));
    CAPTURE(seed);
    const auto rules = rules_of(rule_file(kRules));
    std::vector<Record> log;
    for (auto record : live(seed, kSteps, rules).journal) {
        if (record.kind == Kind::alert || !record.wall_is_trusted || record.kind == Kind::started) continue;
        if (!log.empty() && record.at.time < log.back().at.time) continue;  // a records file ascends
        record.mono.reset();
        log.push_back(record);
    }
    const EngineSettings settings{.in_force = InForce::from_start, .bundle_after = 2};
    const auto play = [&](std::size_t count) {
        Engine engine(rules, settings);
        std::vector<AlertChange> out;
        for (std::size_t i = 0; i < count; ++i) append(out, engine.on_record(log[i]));
        // Event time runs on to the moment of the record that was cut off.
        if (count < log.size()) append(out, engine.on_time(log[count].at));
        return keys_of(out);
    };
    const auto whole = play(log.size());
    REQUIRE(whole.size() > 10);
    for (std::size_t count = 1; count < log.size(); count += 11) {
        const auto part = play(count);
        CAPTURE(count);
        REQUIRE(part.size() <= whole.size());
        REQUIRE(part == std::vector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(part.size())));
    }
}

TEST_CASE("the order of rule files changes nothing", "[unit][property]") {
    const auto seed = GENERATE(range<std::uint64_t>(300, 310));
    CAPTURE(seed);
    const auto run = live(seed, kSteps, rules_of(rule_file(kRules)));
    auto shuffled = kRules;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(seed));
    std::vector<RuleFile> files;
    for (const auto& rule : shuffled) files.push_back({"f" + std::to_string(files.size()) + ".yaml", rule_file({rule})});
    Problems problems;
    auto parsed = parse_rules(files, {}, problems);
    REQUIRE(parsed.has_value());
    CHECK(parsed->hash == rules_of(rule_file(kRules))->hash);
    Engine engine(std::make_shared<const RuleSet>(*parsed), kSettings);
    for (std::size_t i = 0; i < run.journal.size(); ++i) static_cast<void>(engine.on_record(run.journal[i]));
    CHECK(engine.checkpoint() == run.checkpoints.back());
}

TEST_CASE("a crash at any record loses no alert and raises none twice", "[unit][property]") {
    const auto seed = GENERATE(range<std::uint64_t>(400, 420));
    CAPTURE(seed);
    const auto rules = rules_of(rule_file(kRules));
    const auto run = live(seed, kSteps, rules);
    Engine whole(rules, kSettings);
    std::multiset<std::string> expected;
    std::size_t folded = 0;
    for (std::size_t crash = 1; crash < run.journal.size(); crash += 5) {
        CAPTURE(crash);
        for (; folded < crash; ++folded) {
            for (const auto& change : whole.on_record(run.journal[folded])) {
                expected.insert(
                    fmt::format("{} {} {} {}", change.id.str(), to_text(change.state), change.reason, to_text(change.at)));
            }
        }
        // The journal holds `crash` records; the checkpoint is some records older, or there is none.
        auto saved = crash > 13 ? crash - 13 : 0;
        // It is written behind the alert records that were returned before it.
        while (saved > 0 && run.journal[saved].kind == Kind::alert) --saved;
        auto engine =
            saved == 0 ? Engine(rules, kSettings) : std::move(*Engine::restore(rules, kSettings, run.checkpoints[saved - 1]));
        AlertLedger ledger;
        std::vector<AlertChange> folded_again;
        std::multiset<std::string> committed;
        for (std::size_t i = 0; i < crash; ++i) {
            const auto& record = run.journal[i];
            if (record.kind == Kind::alert) {
                const auto change = parse_alert(record);
                if (i >= saved) REQUIRE(ledger.note(record).has_value());
                if (change->by.empty()) {
                    committed.insert(fmt::format("{} {} {} {}", change->id.str(), to_text(change->state), change->reason,
                                                 to_text(change->at)));
                }
            }
            append(folded_again, engine.on_record(record));
        }
        for (auto& change : folded_again) {
            const auto fresh = ledger.fresh(std::move(change));
            if (fresh)
                committed.insert(
                    fmt::format("{} {} {} {}", fresh->id.str(), to_text(fresh->state), fresh->reason, to_text(fresh->at)));
        }
        for (const auto& key : expected) {
            CAPTURE(key);
            // A checkpoint older than the crash may stand behind changes whose records came after it: those are in the journal.
            REQUIRE(committed.count(key) <= expected.count(key));
        }
        std::size_t missing = 0;
        for (const auto& key : expected) missing += committed.count(key) < expected.count(key) ? 1 : 0;
        CHECK(missing == 0);
    }
}
