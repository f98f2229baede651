// The table and the day-by-hour picture of a backtest.

#include "rules/picture.hpp"

#include <algorithm>
#include <sstream>

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

AlertChange change(const std::string& subject, const char* at, std::uint32_t number = 1, AlertState state = AlertState::firing,
                   const std::string& id = "") {
    AlertChange out;
    out.id = AlertId(id.empty() ? subject : id);
    out.change = number;
    out.rule = RuleId("r");
    out.subject = subject;
    out.state = state;
    out.at = out.fired_at = parse_stamp(at).value();
    return out;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

}  // namespace

TEST_CASE("the median is one of the values", "[unit]") {
    CHECK(median({}) == std::nullopt);
    CHECK(median({7}) == 7);
    CHECK(median({9, 1}) == 1);
    CHECK(median({9, 1, 5}) == 5);
    CHECK(median({4, 3, 2, 1}) == 2);
}

TEST_CASE("a rule's row: fired, subjects, median open, a day, the busiest", "[unit]") {
    FiringTally tally;
    tally.saw(parse_stamp("2026-11-01T00:00:00+08:00").value());
    for (const char* subject : {"a", "b", "c", "d"}) tally.add(change(subject, "2026-11-01T08:00:00+08:00"));
    tally.add(change("a", "2026-11-01T09:00:00+08:00", 2, AlertState::resolved));
    tally.add(change("b", "2026-11-01T09:00:00+08:00", 2, AlertState::firing));  // a repeat is not another alert
    tally.add(change("b", "2026-11-01T10:00:00+08:00", 3, AlertState::resolved));
    tally.add(change("b", "2026-11-02T10:00:00+08:00", 1, AlertState::pending, "b2"));
    tally.saw(parse_stamp("2026-11-03T00:00:00+08:00").value());
    CHECK(tally.fired() == 5);
    CHECK(tally.resolved() == 2);
    CHECK(tally.days() == 2.0);
    const auto& row = tally.of(RuleId("r"));
    CHECK(row.fired == 5);
    CHECK(row.by_subject.at("b") == 2);
    CHECK(row.still_open == 3);
    CHECK(tally.of(RuleId("other")).fired == 0);

    const auto rules = rules_of(rule("watch: passage\neach: {}"));
    const auto table = lines_of(tally.table(*rules));
    REQUIRE(table.size() == 2);
    CHECK(table[0] == "RULE   FIRED  SUBJECTS  MEDIAN OPEN   A DAY  BUSIEST");
    CHECK(table[1] == "r          5         4          1 h    2.50  b (2), a (1), c (1), ...");
    const auto none = lines_of(FiringTally().table(*rules));
    CHECK(none[1] == "r          0         0                 0.00");
}

TEST_CASE("the picture has a row for each day, a mark for each hour", "[unit]") {
    FiringTally tally;
    CHECK(tally.picture(Glyphs::ascii).empty());
    tally.saw(parse_stamp("2026-11-01T00:30:00+08:00").value());
    tally.add(change("a", "2026-11-01T00:30:00+08:00"));
    tally.add(change("b", "2026-11-03T23:59:59+08:00"));
    tally.add(change("c", "2026-11-03T23:00:00+08:00"));
    CHECK(lines_of(tally.picture(Glyphs::ascii)) == std::vector<std::string>{
                                                        "day             0     6     12    18    24  fired",
                                                        "2026-11-01 Sun  -.......................     1",
                                                        "2026-11-02 Mon  ........................",
                                                        "2026-11-03 Tue  .......................+     2",
                                                        "one mark an hour: . none, - one, + 2",
                                                    });
    const auto utf8 = tally.picture(Glyphs::utf8);
    CHECK(utf8.find("░") != std::string::npos);
    CHECK(utf8.find("▒     2") != std::string::npos);
}

TEST_CASE("the hours of the picture are local", "[unit]") {
    FiringTally tally;
    tally.add(change("a", "2026-11-01T20:00:00Z"));
    CHECK(lines_of(tally.picture(Glyphs::ascii))[1] == "2026-11-01 Sun  ....................-...     1");
    FiringTally east;
    east.add(change("a", "2026-11-02T04:00:00+08:00"));
    CHECK(lines_of(east.picture(Glyphs::ascii))[1] == "2026-11-02 Mon  ....-...................     1");
}

TEST_CASE("more than sixty days are folded into weeks", "[unit]") {
    const auto rows = [](const char* last) {
        FiringTally tally;
        tally.saw(parse_stamp("2026-09-01T00:00:00+08:00").value());
        tally.add(change("a", "2026-09-01T08:00:00+08:00"));
        tally.add(change("b", "2026-09-02T08:00:00+08:00"));
        tally.saw(parse_stamp(last).value());
        return lines_of(tally.picture(Glyphs::ascii));
    };
    CHECK(rows("2026-10-30T00:00:00+08:00").size() == 62);  // sixty days, head and legend
    const auto weeks = rows("2026-10-31T00:00:00+08:00");
    REQUIRE(weeks.size() == 11);  // nine weeks that begin on a Monday
    CHECK(weeks[0].starts_with("week of"));
    CHECK(weeks[1] == "2026-08-31      ........+...............     2");
    CHECK(weeks[9].starts_with("2026-10-26 "));
}

TEST_CASE("many alerts in an hour share the shades", "[unit]") {
    FiringTally tally;
    for (int i = 0; i < 40; ++i)
        tally.add(change("a", "2026-11-01T08:00:00+08:00", 1, AlertState::firing, fmt::format("a{}", i)));
    tally.add(change("a", "2026-11-01T09:00:00+08:00", 1, AlertState::firing, "b"));
    const auto lines = lines_of(tally.picture(Glyphs::ascii));
    CHECK(lines[1] == "2026-11-01 Sun  ........#-..............    41");
    CHECK(lines[2] == "one mark an hour: . none, - one, # 40");
}
