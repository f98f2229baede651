// The life of an alert in time: hours in which it may be told, repeats, escalation, what people say to it, mutes, storms; each
// also across a restart at every step.

#include "rules/ledger.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

/// Lines of play.hpp, and what people say: "2 09:00 ack p1", "2 09:00 ack p1 until=2/12:00", "snooze p1 until=...", "note p1",
/// "close p1 well". With `restarts` the engine is taken down to its checkpoint and up again after each line.
class Story {
public:
    enum class Restarts : std::uint8_t { no, after_each_line };
    Story(const std::string& rule_text, Restarts restarts, std::uint32_t bundle_after = 0)
        : restarts_(restarts),
          settings_{.in_force = InForce::from_start, .bundle_after = bundle_after},
          rules_(rules_of(rule_text)),
          engine_(rules_, settings_) {}

    std::string play(const std::string& text) {
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) {
            const auto begin = line.find_first_not_of(' ');
            if (begin == std::string::npos) continue;
            play_line(line.substr(begin));
            if (restarts_ == Restarts::no) continue;
            auto restored = Engine::restore(rules_, settings_, engine_.checkpoint());
            REQUIRE(restored.has_value());
            engine_ = std::move(*restored);
        }
        std::string out;
        for (const auto& change : changes) {
            out += fmt::format("{}{}{}", out.empty() ? "" : "; ", in_short(change),
                               change.reason.empty() ? "" : " " + change.reason);
        }
        return out;
    }
    std::vector<AlertChange> changes;

private:
    void play_line(const std::string& line) {
        std::istringstream words(line);
        int day = 0;
        std::string time, what, who, more;
        words >> day >> time >> what >> who >> more;
        const auto at = stamp_of(day, time);
        if (what == "ack" || what == "snooze" || what == "note" || what == "close") return say(at, what, who, more);
        auto step = step_of(line);
        if (step.is_time) return take(engine_.on_time(step.record.at));
        step.record.seq = ++seq_;
        take(engine_.on_record(step.record));
    }
    void say(const Stamp& at, const std::string& what, const std::string& who, const std::string& more) {
        take(engine_.on_time(at));
        const Now now{MonoTime{}, at, true, 0};
        Said said{"uid 1000 (li)", "words", "", std::nullopt};
        if (more.starts_with("until=")) said.until = stamp_of(std::stoi(more.substr(6)), more.substr(more.find('/') + 1));
        if (what == "close") said.reason = more;
        for (const auto& open : engine_.open_alerts()) {
            if (open.subject != who) continue;
            const auto change = what == "ack"      ? engine_.acknowledge(open.id, said, now)
                                : what == "snooze" ? engine_.snooze(open.id, said, now)
                                : what == "note"   ? engine_.note(open.id, said, now)
                                                   : engine_.close(open.id, said, now);
            INFO(what << " " << who);
            REQUIRE(change.has_value());
            auto record = to_record(*change, now);
            record.mono.reset();
            record.seq = ++seq_;
            changes.push_back(*change);
            take(engine_.on_record(record));
            return;
        }
        FAIL("no open alert of " << who);
    }
    void take(std::vector<AlertChange> more) { changes.insert(changes.end(), more.begin(), more.end()); }

    Restarts restarts_;
    EngineSettings settings_;
    std::shared_ptr<const RuleSet> rules_;
    Engine engine_;
    std::uint64_t seq_ = 0;
};

void run_stories(const std::string& rule_text, const std::vector<Case>& cases, std::uint32_t bundle_after = 0) {
    for (const auto& test : cases) {
        for (const auto restarts : {Story::Restarts::no, Story::Restarts::after_each_line}) {
            INFO(test.what << (restarts == Story::Restarts::no ? "" : ", with restarts") << "\n" << test.steps);
            CHECK(Story(rule_text, restarts, bundle_after).play(test.steps) == test.expected);
        }
    }
}

const std::string kWatch = "watch: passage\nper: person\nabsent: {for: 24h}\n";

}  // namespace

TEST_CASE("notify_between: an alert waits for the hours in which it may be told", "[unit]") {
    run_stories(
        rule(kWatch + "notify_between: \"07:00-21:00\""),
        {
            {"at night it is pending, in the morning it fires", "1 02:00 passage person=p\n2 08:00 time",
             "p pending 2 02:00; p firing 2 07:00 notify"},
            {"by day it fires at once", "1 08:00 passage person=p\n2 09:00 time", "p firing 2 08:00"},
            {"seen again before morning: nobody was woken", "1 02:00 passage person=p\n2 05:00 passage person=p\n2 08:00 time",
             "p pending 2 02:00; p resolved 2 05:00 auto"},
            {"the first minute of the hours", "1 07:00 passage person=p\n2 08:00 time", "p firing 2 07:00"},
            {"the last is no more", "1 21:00 passage person=p\n3 08:00 time", "p pending 2 21:00; p firing 3 07:00 notify"},
        });
    run_stories(rule(kWatch + "notify_between: \"07:00-21:00\"\nalert: {severity: critical}"),
                {{"what is critical waits for nobody", "1 02:00 passage person=p\n2 08:00 time", "p firing 2 02:00"}});
}

TEST_CASE("repeats and escalation", "[unit]") {
    run_stories(rule(kWatch + "alert: {repeat_every: 6h}"),
                {
                    {"again and again until the person is seen",
                     "1 08:00 passage person=p\n2 21:00 time\n2 22:00 passage person=p\n3 08:00 time",
                     "p firing 2 08:00; p firing 2 14:00 repeat; p firing 2 20:00 repeat; p resolved 2 22:00 auto"},
                    {"not after an acknowledgement", "1 08:00 passage person=p\n2 09:00 ack p\n4 09:00 time",
                     "p firing 2 08:00; p acknowledged 2 09:00"},
                    {"after its end again", "1 08:00 passage person=p\n2 09:00 ack p until=2/20:00\n3 03:00 time",
                     "p firing 2 08:00; p acknowledged 2 09:00; p firing 2 20:00 awake; p firing 3 02:00 repeat"},
                });
    run_stories(rule(kWatch + "notify_between: \"07:00-21:00\"\nalert: {repeat_every: 6h}"),
                {{"no repeat at night", "1 12:00 passage person=p\n3 14:00 time",
                  "p firing 2 12:00; p firing 2 18:00 repeat; p firing 3 07:00 repeat; p firing 3 13:00 repeat"}});
    run_stories(
        rule(kWatch + "alert: {severity: info, escalate: [{after: 2h, severity: warning}, {after: 5h, severity: critical}]}"),
        {
            {"step by step", "1 08:00 passage person=p\n2 20:00 time",
             "p firing 2 08:00; p firing 2 10:00 escalated; p firing 2 13:00 escalated"},
            {"an acknowledgement stops it", "1 08:00 passage person=p\n2 11:00 ack p\n3 20:00 time",
             "p firing 2 08:00; p firing 2 10:00 escalated; p acknowledged 2 11:00"},
            {"from the end of a snooze it counts anew", "1 08:00 passage person=p\n2 09:00 snooze p until=2/12:00\n2 15:00 time",
             "p firing 2 08:00; p acknowledged 2 09:00 snoozed; p firing 2 12:00 awake; p firing 2 14:00 escalated"},
            {"a note changes nothing", "1 08:00 passage person=p\n2 09:00 note p\n2 11:00 time",
             "p firing 2 08:00; p firing 2 09:00 note; p firing 2 10:00 escalated"},
        });
    run_stories(
        rule(kWatch + "notify_between: \"07:00-21:00\"\nalert: {severity: warning, escalate: {after: 3h, severity: critical}}"),
        {
            {"what becomes critical is told at night as well", "1 19:00 passage person=p\n3 06:00 time",
             "p firing 2 19:00; p firing 2 22:00 escalated"},
            {"from the morning on when it was pending", "1 02:00 passage person=p\n2 12:00 time",
             "p pending 2 02:00; p firing 2 07:00 notify; p firing 2 10:00 escalated"},
        });
    Story grows(rule(kWatch + "alert: {severity: info, to: [a], escalate: {after: 2h, severity: critical, to: [b, a]}}"),
                Story::Restarts::no);
    grows.play("1 08:00 passage person=p\n2 10:00 time");
    REQUIRE(grows.changes.size() == 2);
    CHECK(grows.changes[0].severity == AlertSeverity::info);
    CHECK(grows.changes[0].to == std::vector{RecipientId("a")});
    CHECK(grows.changes[1].severity == AlertSeverity::critical);
    CHECK(grows.changes[1].to == std::vector{RecipientId("a"), RecipientId("b")});
    CHECK(std::get<std::int64_t>(grows.changes[1].evidence.at("silence_ms")) == 26 * 3'600'000);
}

TEST_CASE("closing", "[unit]") {
    run_stories(rule(kWatch), {
                                  {"once for this silence", "1 08:00 passage person=p\n2 09:00 close p well\n5 08:00 time",
                                   "p firing 2 08:00; p resolved 2 09:00 well"},
                                  {"the next silence is another",
                                   "1 08:00 passage person=p\n2 09:00 close p true\n2 10:00 passage person=p\n3 12:00 time",
                                   "p firing 2 08:00; p resolved 2 09:00 true; p firing 3 10:00"},
                              });
    run_stories(rule(kWatch + "alert: {repeat_every: 12h}"),
                {{"with repeat_every it may fire again while the silence goes on",
                  "1 08:00 passage person=p\n2 09:00 close p well\n2 22:00 time\n3 06:00 passage person=p",
                  "p firing 2 08:00; p resolved 2 09:00 well; p firing 2 21:00; p resolved 3 06:00 auto"}});
    Story twice(rule(kWatch + "alert: {repeat_every: 12h}"), Story::Restarts::no);
    twice.play("1 08:00 passage person=p\n2 09:00 close p well\n2 22:00 time");
    REQUIRE(twice.changes.size() == 3);
    CHECK(twice.changes[0].id != twice.changes[2].id);
}

TEST_CASE("mutes", "[unit]") {
    const auto mute = [](const char* when, const char* more) {
        return fmt::format("{} mute reason=known more.by=li more.rule=r {}\n", when, more);
    };
    const auto held = mute("1 12:00", "more.subject=p more.until=3/08:00");
    const auto all = mute("1 12:00", "more.until=3/08:00");
    const auto other = mute("1 12:00", "more.subject=q more.until=3/08:00");
    const auto late = mute("2 09:00", "more.subject=p more.until=2/20:00");
    const auto lifted = held + mute("2 12:00", "more.subject=p more.until=2/12:00");
    const auto silence = std::string("1 08:00 passage person=p\n");
    run_stories(rule(kWatch), {
                                  {"held back until it is over", (silence + held + "4 08:00 time").c_str(), "p firing 3 08:00"},
                                  {"the whole rule", (silence + all + "4 08:00 time").c_str(), "p firing 3 08:00"},
                                  {"another subject", (silence + other + "2 12:00 time").c_str(), "p firing 2 08:00"},
                                  {"seen meanwhile", (silence + held + "2 20:00 passage person=p\n3 10:00 time").c_str(), ""},
                                  {"an open alert ends, and is told again", (silence + late + "2 21:00 time").c_str(),
                                   "p firing 2 08:00; p resolved 2 09:00 muted; p firing 2 20:00"},
                                  {"lifted", (silence + lifted + "2 13:00 time").c_str(), "p firing 2 12:00"},
                              });
    const auto each = mute("1 07:00", "more.subject=d more.until=1/09:00");
    run_stories(rule("watch: door_forced\nper: door\neach: {}\nopen_for: 10m"),
                {{"what came while it held is not told afterwards",
                  (each + "1 08:00 door_forced door=d\n1 09:00 door_forced door=d").c_str(), "d firing 1 09:00"}});
}

TEST_CASE("a storm is told as one", "[unit]") {
    const auto text = rule("watch: passage\nper: person\nabsent: {for: 24h}\nalert: {to: [grid], repeat_every: 1h}");
    std::string seen;
    for (int i = 0; i < 9; ++i) seen += fmt::format("1 08:00:0{} passage person=p{}\n", i, i);
    Story story(text, Story::Restarts::no, 3);
    story.play(seen + "2 08:10 time");
    std::size_t told = 0, quiet = 0, summaries = 0;
    for (const auto& change : story.changes) {
        if (change.per == "rule") {
            ++summaries;
            CHECK(change.subject == "r");
            CHECK(change.to == std::vector{RecipientId("grid")});
        } else {
            change.to.empty() ? ++quiet : ++told;
        }
    }
    CHECK(told == 3);
    CHECK(quiet == 6);
    CHECK(summaries == 3);  // at 1, 2 and 4
    // They repeat nothing; the summary does, and ends with the last of them.
    story.changes.clear();
    std::string back;
    for (int i = 0; i < 9; ++i) back += fmt::format("2 09:30:0{} passage person=p{}\n", i, i);
    const auto ended = story.play("2 09:20 time\n" + back);
    CHECK(ended.find("p3 firing") == std::string::npos);
    CHECK(ended.find("p2 firing 2 09:00:02 repeat") != std::string::npos);
    CHECK(ended.find("r firing 2 09:00:03 repeat") != std::string::npos);
    CHECK(ended.ends_with("p8 resolved 2 09:30:08 auto; r resolved 2 09:30:08 auto"));

    Story calm(text, Story::Restarts::no, 3);
    CHECK(calm.play("1 08:00 passage person=a\n1 08:15 passage person=b\n1 08:30 passage person=c\n1 08:45 passage person=d\n2 "
                    "08:50 time")
              .find("r firing") == std::string::npos);
}

TEST_CASE("a mute and a gate that wakes up in 1970", "[unit]") {
    // The mute is judged on the axis of time, not by a clock that was not set.
    Player player(rule(kWatch));
    const auto out = player.play(
        "1 08:00 passage person=p boot=1 mono=1h\n1 08:01 mute more.rule=r more.until=1/09:00 boot=1 mono=61m\n"
        "2 07:59:50 passage person=q boot=1 mono=24h59m50s\n"
        "1 00:00 started untrusted at=1970-01-01T00:00:40+08:00 more.alive=2/07:59:50 boot=2 mono=40s");
    CHECK(out.size() == 1);
}

TEST_CASE("after a close or a mute a silence waits, and blind time does not shorten that", "[unit]") {
    const auto watch = rule(kWatch + "alert: {repeat_every: 12h}");
    const std::string begin =
        "1 07:00 device_online device=d more.feeds=passage\n1 08:00 passage person=p\n2 09:00 close p well\n";
    const auto blind =
        begin +
        "2 10:00 device_offline device=d more.feeds=passage\n2 11:30 device_online device=d more.feeds=passage\n2 23:00 time";
    const auto lift = begin + "2 10:00 mute more.rule=r more.until=2/09:30 more.by=li\n2 22:00 time";
    const std::string longer =
        "1 08:00 passage person=p\n1 12:00 mute more.rule=r more.until=4/08:00\n2 09:00 mute more.rule=r more.until=2/12:00\n3 "
        "00:00 time";
    run_stories(
        watch,
        {
            {"an hour and a half blind", blind.c_str(),
             "p firing 2 08:00; p resolved 2 09:00 well; gate firing 2 11:00; gate resolved 2 11:30 auto; p firing 2 22:30"},
            {"a lift of what was not muted changes nothing", lift.c_str(),
             "p firing 2 08:00; p resolved 2 09:00 well; p firing 2 21:00"},
        });
    run_stories(rule(kWatch), {{"a mute that gets an earlier end", longer.c_str(), "p firing 2 12:00"}});
}

TEST_CASE("what becomes critical is told at night, whatever was postponed", "[unit]") {
    run_stories(rule(kWatch + "notify_between: \"07:00-21:00\"\nalert: {repeat_every: 1h, severity: warning, escalate: {after: "
                              "5h, severity: critical}}"),
                {{"the repeat waits, the step does not", "1 20:30 passage person=p\n3 02:00 time",
                  "p firing 2 20:30; p firing 3 01:30 escalated"}});
    run_stories(rule(kWatch + "notify_between: \"07:00-21:00\""),
                {{"a snooze that ends at night lasts until morning",
                  "1 20:00 passage person=p\n2 20:30 snooze p until=3/03:00\n3 08:00 time",
                  "p firing 2 20:00; p acknowledged 2 20:30 snoozed; p firing 3 07:00 awake"}});
}

TEST_CASE("manual: what falls due while the alert of before is open is told when that is closed", "[unit]") {
    run_stories(rule(kWatch + "resolve: manual"),
                {{"a second silence", "1 08:00 passage person=p\n2 08:30 passage person=p\n3 08:45 close p well\n3 09:00 time",
                  "p firing 2 08:00; p resolved 3 08:45 well; p firing 3 08:45"}});
    run_stories(
        rule("watch: denied\nper: door\ncount: {over: 10m, more_than: 1}\nresolve: manual"),
        {{"a second burst",
          "1 08:00 denied door=d\n1 08:01 denied door=d\n1 09:00 denied door=d\n1 09:01 denied door=d\n1 09:02 close d true\n1 "
          "09:03 denied door=d",
          "d firing 1 08:01; d resolved 1 09:02 true; d firing 1 09:03"}});
}

TEST_CASE("one wrong date does not silence a rule on days", "[unit]") {
    Player player(rule("watch: denied\nper: door\ndays: {consecutive: 3}"));
    const auto out = player.play(
        "1 08:00 denied door=d at=2099-01-01T00:00:00+08:00 boot=1 mono=1h\n2 08:00 denied door=d boot=1 mono=2h\n3 08:00 denied "
        "door=d boot=1 "
        "mono=26h\n4 08:00 denied door=d boot=1 mono=50h");
    CHECK(in_short(out) == "d firing 4 08:00");
}

TEST_CASE("who closes the summary of a storm closes what it told of", "[unit]") {
    std::string seen;
    for (int i = 0; i < 5; ++i) seen += fmt::format("1 08:00:0{} passage person=p{}\n", i, i);
    Story story(rule(kWatch), Story::Restarts::no, 2);
    const auto out = story.play(seen + "2 08:10 time\n2 09:00 close r true\n2 10:00 time");
    CHECK(out.find("p2 resolved 2 09:00 true") != std::string::npos);
    CHECK(out.find("p4 resolved 2 09:00 true") != std::string::npos);
    CHECK(out.find("p1 resolved") == std::string::npos);
}

TEST_CASE("duty hours and fallbacks", "[unit]") {
    const auto between = [](int from, int to) {
        return Schedule{{{{}, During{std::chrono::hours(from), std::chrono::hours(to)}}}};
    };
    const Recipients recipients{
        {.id = RecipientId("grid"), .role = Role::cadre, .name = {}, .duty = between(8, 18), .fallback = RecipientId("street")},
        {.id = RecipientId("street"), .role = Role::cadre, .name = {}, .duty = between(6, 22), .fallback = {}},
        {.id = RecipientId("doctor"), .role = Role::doctor, .name = {}, .duty = {}, .fallback = {}}};
    const auto at = [&](const char* time) {
        std::string out;
        for (const auto& id : on_duty({RecipientId("grid"), RecipientId("doctor")}, recipients, stamp_of(1, time), {}))
            out += id.str() + " ";
        return out;
    };
    CHECK(at("10:00") == "grid doctor ");
    CHECK(at("18:00") == "street doctor ");
    CHECK(at("23:00") == "grid doctor ");  // nobody is on duty: an alert is never for nobody
}
