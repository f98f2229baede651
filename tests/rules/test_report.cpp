// The monthly report: what came of the alerts.

#include "rules/report.hpp"

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

struct Change {
    std::string alert;
    std::uint32_t number;
    const char* state;
    const char* at;
    const char* fired_at;
    std::string reason, by, rule = "r";
    std::vector<std::string> to = {"grid-1"};
};

Record record_of(const Change& c) {
    AlertChange change;
    change.id = AlertId(c.alert);
    change.change = c.number;
    change.rule = RuleId(c.rule);
    change.per = "person";
    change.subject = "p1";
    change.state = parse_alert_state(c.state).value();
    change.at = parse_stamp(c.at).value();
    change.fired_at = parse_stamp(c.fired_at).value();
    change.reason = c.reason;
    change.by = c.by;
    for (const auto& id : c.to) change.to.emplace_back(id);
    // Through its bytes, as it comes from the journal.
    return parse_record(to_json(to_record(change, Now{MonoTime{}, change.at, true, 1}))).value();
}

Report report_of(const std::vector<Change>& changes, const std::vector<Record>& others = {}) {
    ReportFold fold(Month{2026, 11});
    for (const auto& change : changes) REQUIRE(fold.add(record_of(change)).has_value());
    for (const auto& record : others) REQUIRE(fold.add(record).has_value());
    return fold.report();
}

constexpr const char* kFired = "2026-11-02T08:00:00+08:00";

}  // namespace

TEST_CASE("months", "[unit]") {
    CHECK(parse_month("2026-11") == Month{2026, 11});
    for (const char* bad :
         {"", "2026", "2026-13", "2026-00", "2026-1", "2026-1a", "26-11", "2026/11", "2026-111", "1969-12", "-026-11"}) {
        INFO(bad);
        CHECK_FALSE(parse_month(bad).has_value());
    }
    CHECK(to_text(Month{2026, 1}) == "2026-01");
    CHECK(month_of(parse_stamp("2026-10-31T17:00:00Z").value()) == Month{2026, 10});
    CHECK(month_of(parse_stamp("2026-11-01T01:00:00+08:00").value()) == Month{2026, 11});
}

TEST_CASE("what came of each alert", "[unit]") {
    const auto ended = [](const char* reason, const char* by = "li") {
        return report_of({{"a", 1, "firing", kFired, kFired, "", ""},
                          {"a", 2, "resolved", "2026-11-02T09:00:00+08:00", kFired, reason, by}})
            .total;
    };
    CHECK(ended("true").closed_true == 1);
    CHECK(ended("false").closed_false == 1);
    CHECK(ended("well").closed_well == 1);
    CHECK(ended("duplicate").closed_duplicate == 1);
    CHECK(ended("muted", "").ended_by_mute == 1);
    CHECK(ended("auto", "").by_itself == 1);
    CHECK(ended("auto", "").acknowledged == 0);
    CHECK(ended("well").acknowledged == 1);  // whoever closes it has seen it
    CHECK(ended("well").time_to_acknowledge(0.5) == 3'600'000);
    const auto open = report_of({{"a", 1, "firing", kFired, kFired, "", ""}}).total;
    CHECK(open.still_open == 1);
    CHECK(open.fired == 1);
    CHECK_FALSE(open.time_to_acknowledge(0.5).has_value());
    CHECK_FALSE(open.true_share().has_value());
}

TEST_CASE("the true share is of those judged, duplicates apart", "[unit]") {
    ReportRow row;
    row.closed_true = 1;
    row.closed_false = 1;
    row.closed_well = 2;
    row.closed_duplicate = 7;
    row.by_itself = 9;
    CHECK(row.true_share() == 0.25);
}

TEST_CASE("time to acknowledge: from the moment somebody was told, to the first who answered", "[unit]") {
    const char* const night = "2026-11-02T02:00:00+08:00";
    const auto row = report_of({
        {"a", 1, "pending", night, night, "", ""},
        {"a", 2, "firing", "2026-11-02T07:00:00+08:00", night, "notify", ""},
        {"a", 3, "firing", "2026-11-02T07:10:00+08:00", night, "repeat", ""},
        {"a", 4, "firing", "2026-11-02T07:15:00+08:00", night, "escalated", "", "r", {"grid-1", "street"}},
        {"a", 5, "firing", "2026-11-02T07:16:00+08:00", night, "note", "wang", "r", {"grid-1", "street"}},
        {"a", 6, "acknowledged", "2026-11-02T07:20:00+08:00", night, "", "li"},
        {"a", 7, "firing", "2026-11-02T08:20:00+08:00", night, "awake", ""},
        {"a", 8, "acknowledged", "2026-11-02T09:20:00+08:00", night, "", "li"},
    });
    CHECK(row.total.time_to_acknowledge(0.5) == 20 * 60'000);
    CHECK(row.total.acknowledged == 1);
    CHECK(row.total.escalated == 1);
    CHECK(row.total.repeats == 1);
    CHECK(row.total.still_open == 1);
    CHECK(row.by_recipient == std::map<std::string, std::uint64_t>{{"grid-1", 1}, {"street", 1}});

    ReportRow ranks;
    for (std::int64_t i = 1; i <= 10; ++i) ranks.ms_to_acknowledge.push_back(i);
    CHECK(ranks.time_to_acknowledge(0.5) == 5);
    CHECK(ranks.time_to_acknowledge(0.9) == 9);
    CHECK(ranks.time_to_acknowledge(1.0) == 10);
    CHECK(ranks.time_to_acknowledge(0.0) == 1);
}

TEST_CASE("an alert belongs to the month in which it fired, and each change counts once", "[unit]") {
    const char* const october = "2026-10-31T23:59:59+08:00";
    const auto report = report_of({
        {"a", 1, "firing", october, october, "", ""},
        {"a", 2, "resolved", "2026-11-01T08:00:00+08:00", october, "auto", ""},
        {"b", 1, "firing", "2026-11-30T23:00:00+08:00", "2026-11-30T23:00:00+08:00", "", ""},
        {"b", 2, "resolved", "2026-12-02T08:00:00+08:00", "2026-11-30T23:00:00+08:00", "well", "li"},
        {"b", 2, "resolved", "2026-12-02T08:00:00+08:00", "2026-11-30T23:00:00+08:00", "well", "li"},
        {"b", 1, "firing", "2026-11-30T23:00:00+08:00", "2026-11-30T23:00:00+08:00", "", ""},
        {"c", 2, "resolved", "2026-11-05T08:00:00+08:00", "2026-11-04T08:00:00+08:00", "auto", ""},  // its beginning is gone
    });
    CHECK(report.total.fired == 1);
    CHECK(report.total.closed_well == 1);
    CHECK(report.total.still_open == 0);
}

TEST_CASE("rules, totals and mutes", "[unit]") {
    const auto mute = [](const char* at, const char* until, const char* rule_id) {
        Record r;
        r.kind = Kind::mute;
        r.at = parse_stamp(at).value();
        r.more["rule"] = std::string(rule_id);
        r.more["until"] = std::string(until);
        return r;
    };
    const auto report =
        report_of({{"a", 1, "firing", kFired, kFired, "", "", "z"}, {"b", 1, "firing", kFired, kFired, "", "", "a"}},
                  {mute("2026-11-03T08:00:00+08:00", "2026-11-04T08:00:00+08:00", "z"),
                   mute("2026-11-03T09:00:00+08:00", "2026-11-03T09:00:00+08:00", "z"),  // lifts it
                   mute("2026-12-03T08:00:00+08:00", "2026-12-04T08:00:00+08:00", "z")});
    REQUIRE(report.rules.size() == 2);
    CHECK(report.rules[0].rule == "a");
    CHECK(report.rules[1].mutes == 1);
    CHECK(report.total.fired == 2);
    CHECK(report.total.mutes == 1);
}

TEST_CASE("a table and CSV in both languages", "[unit]") {
    const auto report = report_of(
        {{"a", 1, "firing", kFired, kFired, "", ""}, {"a", 2, "resolved", "2026-11-02T10:30:00+08:00", kFired, "true", "li"}});
    for (const auto tongue : {Tongue::zh, Tongue::en}) {
        for (const auto& row : report_rows(report, tongue)) CHECK(row.size() == report_head(tongue).size());
    }
    CHECK(report_rows(report, Tongue::en)[0] == std::vector<std::string>{"r", "1", "0", "1", "0", "0", "0", "0", "0", "100 %",
                                                                         "2 h 30 min", "2 h 30 min", "1", "0", "0", "0"});
    CHECK(report_rows(report, Tongue::zh)[1][0] == "合计");
    const auto csv = report_csv(report, Tongue::zh);
    CHECK(csv.starts_with("\xEF\xBB\xBF规则,触发,"));
    CHECK(csv.find("\r\nr,1,0,1,0,0,0,0,0,1.0000,9000,9000,1,0,0,0\r\n合计,") != std::string::npos);
    CHECK(csv.ends_with("\r\n"));
    // Nothing at all is a table of one row.
    CHECK(report_rows(report_of({}), Tongue::en).size() == 1);
}

TEST_CASE("an alert record that is none is an error", "[unit]") {
    ReportFold fold(Month{2026, 11});
    Record r;
    r.kind = Kind::alert;
    CHECK_FALSE(fold.add(r).has_value());
    r.kind = Kind::passage;
    CHECK(fold.add(r).has_value());
}
