// The life of an alert, and of a rule: people, manual rules, loads and changes of rules, restarts, memory.

#include "rules/ledger.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

Now now_at(int day, const std::string& time) { return {MonoTime{}, stamp_of(day, time), true, 0}; }

/// The record of a change, as the journal holds it.
Record record_of(const AlertChange& change, int day, const std::string& time, std::uint64_t seq) {
    auto record = to_record(change, now_at(day, time));
    record.mono.reset();
    record.seq = seq;
    return record;
}

const auto kSilence = rule("watch: passage\nper: person\nabsent: {for: 24h}");
const Said kLi{"uid 1000 (li)", "on my way", ""};

}  // namespace

TEST_CASE("an acknowledgement takes effect with its record", "[unit]") {
    Player player(kSilence);
    const auto fired = player.play("1 08:00 passage person=p1\n2 08:00 time");
    REQUIRE(fired.size() == 1);
    const auto change = player.engine.acknowledge(fired[0].id, kLi, now_at(2, "09:00"));
    REQUIRE(change.has_value());
    CHECK(change->state == AlertState::acknowledged);
    CHECK(change->change == 2);
    CHECK(change->by == "uid 1000 (li)");
    CHECK(change->note == "on my way");
    CHECK(player.engine.open_alerts()[0].state == AlertState::firing);
    CHECK(player.engine.on_record(record_of(*change, 2, "09:00", 50)).empty());
    CHECK(player.engine.open_alerts()[0].state == AlertState::acknowledged);
    CHECK(player.engine.open_alerts()[0].by == "uid 1000 (li)");

    const auto resolved = player.play("2 10:00 passage person=p1");
    REQUIRE(in_short(resolved) == "p1 resolved 2 10:00");
    CHECK(resolved[0].change == 3);
    CHECK(resolved[0].reason == "auto");
    CHECK(resolved[0].by.empty());
    CHECK(player.engine.open_alerts().empty());
}

TEST_CASE("changes by people that cannot be", "[unit]") {
    Player player(kSilence);
    const auto fired = player.play("1 08:00 passage person=p1\n2 08:00 time");
    CHECK(player.engine.acknowledge(AlertId("nonsense"), kLi, now_at(2, "09:00")).error().message.find("nonsense") !=
          std::string::npos);
    CHECK_FALSE(player.engine.acknowledge(fired[0].id, {}, now_at(2, "09:00")).has_value());
    const auto wrong = player.engine.close(fired[0].id, {"li", "", "wel"}, now_at(2, "09:00"));
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().message.find("did you mean \"well\"") != std::string::npos);
}

TEST_CASE("what a person closed stays closed until the condition ceased to hold", "[unit]") {
    SECTION("a silence") {
        Player player(kSilence);
        const auto fired = player.play("1 08:00 passage person=p1\n2 08:00 time");
        const auto closed = player.engine.close(fired[0].id, {"li", "", "well"}, now_at(2, "09:00"));
        REQUIRE(closed.has_value());
        CHECK(closed->state == AlertState::resolved);
        CHECK(closed->reason == "well");
        CHECK(player.engine.on_record(record_of(*closed, 2, "09:00", 50)).empty());
        CHECK(player.engine.open_alerts().empty());
        CHECK(in_short(player.play("9 08:00 time\n9 09:00 passage person=p1 seq=51\n20 00:00 time")) == "p1 firing 10 09:00");
    }
    SECTION("a count") {
        Player player(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 1}"));
        const auto fired = player.play("1 08:00 granted card=c\n1 08:10 granted card=c");
        REQUIRE(fired.size() == 1);
        const auto closed = player.engine.close(fired[0].id, {"li", "", "true"}, now_at(1, "08:11"));
        CHECK(player.engine.on_record(record_of(*closed, 1, "08:11", 50)).empty());
        CHECK(player.play("1 08:20 granted card=c seq=51").empty());
        CHECK(in_short(player.play("1 10:00 granted card=c seq=52\n1 10:01 granted card=c seq=53")) == "c firing 1 10:01");
    }
}

TEST_CASE("a manual rule is resolved by people only", "[unit]") {
    Player player(rule("watch: passage\nper: person\nabsent: {for: 24h}\nresolve: manual"));
    const auto out = player.play("1 08:00 passage person=p1\n2 09:00 passage person=p1\n9 08:00 time");
    CHECK(in_short(out) == "p1 firing 2 08:00");
    const auto closed = player.engine.close(out[0].id, {"li", "", "well"}, now_at(9, "09:00"));
    CHECK(player.engine.on_record(record_of(*closed, 9, "09:00", 50)).empty());
    CHECK(player.engine.open_alerts().empty());
    CHECK(in_short(player.play("9 10:00 passage person=p1 seq=51\n11 08:00 time")) ==
          "p1 firing 9 09:00");  // a newer silence fell due meanwhile
}

TEST_CASE("evidence and texts of an alert", "[unit]") {
    Player player(
        rule("title: {zh: 久未出入, en: Not seen}\nwatch: passage\nwhere: {person.tags: lives-alone}\nper: person\nabsent: {for: "
             "24h}\n"
             "alert: {severity: critical, to: [grid-1, family], text: {zh: \"{household} {person} "
             "已{silence}未出入({door},{last_seen})\", "
             "en: \"{household} {person}: {silence}\"}}"));
    const auto out = player.play("1 08:00 passage person=p1 household=h1 door=front tags=lives-alone\n2 11:00 time");
    REQUIRE(out.size() == 1);
    const auto& alert = out[0];
    CHECK(alert.change == 1);
    CHECK(alert.per == "person");
    CHECK(alert.severity == AlertSeverity::critical);
    CHECK(alert.to == std::vector{RecipientId("grid-1"), RecipientId("family")});
    CHECK(alert.title_zh == "久未出入");
    CHECK(alert.text_zh == "{household} {person} 已" + in_words_zh(24h) + "未出入(front,2026-11-01 08:00)");
    CHECK(alert.text_en == "{household} {person}: " + in_words_en(24h));
    CHECK(std::get<std::string>(alert.evidence.at("household")) == "h1");
    CHECK(std::get<std::int64_t>(alert.evidence.at("silence_ms")) == Millis{24h}.count());
    CHECK(alert.id.str().size() == 20);
}

TEST_CASE("alert ids hang on the key, the rule, the subject and the record that started it", "[unit]") {
    const auto id_of = [](const std::string& text, const std::string& steps, std::uint8_t key) {
        EngineSettings settings{.in_force = InForce::from_start};
        settings.id_key.fill(key);
        Player player(text, settings);
        return player.play(steps).at(0).id;
    };
    const std::string steps = "1 08:00 passage person=p1 epoch=e1\n3 08:00 time";
    const auto id = id_of(kSilence, steps, 1);
    CHECK(id == id_of(kSilence, steps, 1));
    CHECK(id != id_of(kSilence, steps, 2));
    CHECK(id != id_of(rule("watch: passage\nper: person\nabsent: {for: 24h}", "other"), steps, 1));
    CHECK(id != id_of(kSilence, "1 08:00 passage person=p2 epoch=e1\n3 08:00 time", 1));
    CHECK(id != id_of(kSilence, "1 08:00 passage person=p1 epoch=e2\n3 08:00 time", 1));
    CHECK(id != id_of(kSilence, "1 08:00 passage person=p1 epoch=e1 seq=7\n3 08:00 time", 1));
}

TEST_CASE("live, a rule is in force from the record that lists it", "[unit]") {
    Player player(rule("watch: passage\nwhere: {person.tags: old}\nper: person\nabsent: {for: 24h}"), EngineSettings{});
    const auto version = player.rules->rules[0].version();
    CHECK(player.engine.awaits_load());
    CHECK(player.play("1 08:00 tag_added person=p1 tag=old\n3 08:00 time").empty());
    CHECK(player.play("3 09:00 rules_changed more.rules=" + version).empty());
    CHECK_FALSE(player.engine.awaits_load());
    CHECK(in_short(player.play("9 08:00 time")) == "p1 firing 4 09:00");
    SECTION("and is out of force from the record that does not") {
        CHECK(in_short(player.play("9 09:00 rules_changed more.rules=")) == "p1 resolved 9 09:00");
        CHECK(player.engine.awaits_load());
        CHECK(player.play("10 08:00 passage person=p1 tags=old\n20 08:00 time").empty());
    }
    SECTION("being listed again is nothing new") {
        CHECK(player.play("9 09:00 rules_changed more.rules=" + version).empty());
        CHECK(player.engine.open_alerts().size() == 1);
    }
}

TEST_CASE("a reload keeps the state of rules that did not change and ends the alerts of the others", "[unit]") {
    const auto text = [](const char* hours, const char* words) {
        return "rules:\n"
               "  - {id: changes, watch: passage, per: person, absent: {for: " +
               std::string(hours) +
               "}}\n"
               "  - {id: stays, watch: passage, per: person, absent: {for: 24h}, alert: {text: \"" +
               std::string(words) + "\"}}\n";
    };
    Player player(text("12h", "old words"), EngineSettings{});
    auto list = [](const RuleSet& set) {
        std::string out;
        for (const auto& version : set.versions()) out += (out.empty() ? "" : ",") + version;
        return out;
    };
    player.play("1 07:00 rules_changed more.rules=" + list(*player.rules));
    CHECK(in_short(player.play("1 08:00 passage person=p1\n1 22:00 time")) == "p1 firing 1 20:00");

    const auto next = rules_of(text("18h", "new words"));
    CHECK(next->find(RuleId("stays"))->hash == player.rules->find(RuleId("stays"))->hash);
    CHECK(next->hash != player.rules->hash);
    auto reloaded = Engine::restore(next, EngineSettings{}, player.engine.checkpoint());
    REQUIRE(reloaded.has_value());
    CHECK(reloaded->awaits_load());
    auto step = step_of("1 23:00 rules_changed seq=90 more.rules=" + list(*next));
    const auto out = reloaded->on_record(step.record);
    REQUIRE(in_short(out) == "p1 resolved 1 23:00");
    CHECK(out[0].rule == RuleId("changes"));
    CHECK(out[0].change == 2);
    CHECK_FALSE(reloaded->awaits_load());
    const auto later = reloaded->on_time(stamp_of(5, "08:00"));
    REQUIRE(in_short(later) == "p1 firing 2 08:00");
    CHECK(later[0].rule == RuleId("stays"));
    CHECK(later[0].text_en == "new words");
}

TEST_CASE("a checkpoint that is not one is refused", "[unit]") {
    Player player(kSilence);
    player.play("1 08:00 passage person=p1\n2 08:00 time");
    const auto bytes = player.engine.checkpoint();
    CHECK(Engine::restore(player.rules, {}, bytes).has_value());
    CHECK_FALSE(Engine::restore(player.rules, {}, "").has_value());
    CHECK_FALSE(Engine::restore(player.rules, {}, "menshen rules 9\n" + bytes).has_value());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        REQUIRE_FALSE(Engine::restore(player.rules, {}, damaged).has_value());
        REQUIRE_FALSE(Engine::restore(player.rules, {}, bytes.substr(0, i)).has_value());
    }
}

TEST_CASE("a record that was folded already is not folded again", "[unit]") {
    Player player(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 1}"));
    CHECK(player
              .play("1 08:00 granted card=c epoch=e seq=5\n1 08:01 granted card=c epoch=e seq=5\n1 08:02 granted card=c epoch=e "
                    "seq=4")
              .empty());
    CHECK(player.engine.last_record() == Position{"e", 5});
    CHECK(player.play("1 08:03 granted card=c epoch=f seq=1").size() == 1);
}

TEST_CASE("the ledger lets pass what the journal does not hold", "[unit]") {
    Player player(kSilence);
    const auto changes = player.play("1 08:00 passage person=p1\n2 09:00 passage person=p1");
    REQUIRE(changes.size() == 2);
    AlertLedger ledger;
    REQUIRE(ledger.note(record_of(changes[0], 2, "08:00", 7)).has_value());
    CHECK_FALSE(ledger.fresh(changes[0]).has_value());
    SECTION("as often as the journal lacks it") {
        CHECK(ledger.fresh(changes[1])->change == 2);
        // The fold made it once: a second one of the same moment is another change.
        CHECK(ledger.fresh(changes[0])->change == 3);
    }
    SECTION("with a number that is free") {
        auto acknowledged = changes[0];
        acknowledged.change = 2;
        acknowledged.state = AlertState::acknowledged;
        acknowledged.by = "li";
        REQUIRE(ledger.note(record_of(acknowledged, 2, "08:30", 8)).has_value());
        CHECK(ledger.fresh(changes[1])->change == 3);
    }
    CHECK_FALSE(ledger.note(Record{}).has_value());
}

TEST_CASE("memory is bounded", "[unit]") {
    EngineSettings settings{.memory_limit = 64 << 10, .in_force = InForce::from_start};
    SECTION("subjects that say nothing any more make room") {
        Player player(rule("watch: granted\nper: card\ncount: {over: 1h, more_than: 1}"), settings);
        for (int i = 0; i < 5000; ++i) {
            auto step = step_of("1 00:00 granted card=c" + std::to_string(i));
            step.record.at.time = step.record.at.time + Millis{i * 60'000};
            step.record.seq = static_cast<std::uint64_t>(i) + 1;
            REQUIRE(player.engine.on_record(step.record).empty());
        }
        CHECK(player.engine.usage().bytes < 80 << 10);
        CHECK(player.engine.usage().refused == 0);
    }
    SECTION("else new ones are refused and counted, old ones go on") {
        Player player(kSilence, settings);
        for (int i = 0; i < 5000; ++i) {
            auto step = step_of("1 08:00 passage person=p" + std::to_string(i));
            step.record.seq = static_cast<std::uint64_t>(i) + 1;
            REQUIRE(player.engine.on_record(step.record).empty());
        }
        CHECK(player.engine.usage().bytes < 80 << 10);
        CHECK(player.engine.usage().refused > 4000);
        CHECK(player.play("1 20:00 passage person=p0 seq=9000").empty());
        const auto out = player.play("2 09:00 time");
        CHECK(out.size() > 100);
        for (const auto& change : out) REQUIRE(change.subject != "p0");
    }
}
