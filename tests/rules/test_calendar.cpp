// calendar.yaml: what it becomes, and what each mistake is answered with.

#include <filesystem>

#include "rules/calendar_file.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

std::int64_t day_of(int year, unsigned month, unsigned day) {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    return std::chrono::sys_days{date}.time_since_epoch().count();
}

std::string said_of(const std::string& text) {
    Problems problems;
    const auto read = parse_calendar("calendar.yaml", text, problems);
    CHECK(read.has_value() == !problems.has_errors());
    return problems.text();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a calendar with all there is", "[unit]") {
    Problems problems;
    const auto read = parse_calendar("calendar.yaml", R"(
holidays:
  - {from: 2026-02-15, to: 2026-02-23, name: 春节}
  - 2026-01-01
  - 2026-02-16
workdays: [2026-02-28, 2026-02-14]
schedules:
  night: "22:00-06:00"
  school: {weekdays: workdays, time: "07:00-17:00"}
  shift: {time: ["13:00-17:00", "08:00-12:00"]}
  weekend: {weekdays: [sat, sun]}
)",
                                     problems);
    INFO(problems.text());
    REQUIRE(read.has_value());
    CHECK(read->calendar.holidays.size() == 10);
    CHECK(read->calendar.holidays.front() == day_of(2026, 1, 1));
    CHECK(read->calendar.holidays.back() == day_of(2026, 2, 23));
    CHECK(std::is_sorted(read->calendar.holidays.begin(), read->calendar.holidays.end()));
    CHECK(read->calendar.workdays == std::vector{day_of(2026, 2, 14), day_of(2026, 2, 28)});
    CHECK_FALSE(read->calendar.is_workday(day_of(2026, 2, 17)));
    CHECK(read->calendar.is_workday(day_of(2026, 2, 14)));  // a Saturday
    REQUIRE(read->schedules.size() == 4);
    CHECK(read->schedules.at("night") == Schedule{{{{}, During{22h, 6h}}}});
    CHECK(read->schedules.at("school").spans.at(0).days == DaySet{.weekdays = 0, .workdays = true});
    CHECK(read->schedules.at("shift").spans.at(0).time == During{8h, 12h});
    CHECK(read->schedules.at("weekend") == Schedule{{{DaySet{.weekdays = 0x60}, During{0h, 24h}}}});
}

TEST_CASE("an empty calendar is one", "[unit]") {
    for (const std::string text : {"", "holidays: []", "schedules: {}"}) CHECK(said_of(text).empty());
}

TEST_CASE("mistakes in a calendar", "[unit]") {
    struct Row {
        const char* text;
        const char* said;
    };
    for (const auto& row :
         {Row{"holidays: [2026-02-30]", "calendar.yaml:1:12: holidays must hold days as in 2026-10-01 that exist"},
          Row{"holidays: [2026-2-3]", "that exist, got \"2026-2-3\""},
          Row{"holidays: [2026-13-01]", "that exist"},
          Row{"holidays: [0026-01-01]", "that exist"},
          Row{"holidays: [2026-01-0x]", "that exist"},
          Row{"holidays: [[2026-01-01]]", "must hold days"},
          Row{"holidays: 2026-01-01", "must be a list of days"},
          Row{"holidays: [{from: 2026-02-15}]", "holidays[0].to is missing"},
          Row{"holidays: [{from: 2026-02-15, to: 2026-02-14}]", "1:35: holidays[0].to must not be before from"},
          Row{"holidays: [{from: 2026-02-15, to: 2027-02-14}]", "longer than 60 days"},
          Row{"holidays: [{from: 2026-02-29, to: 2026-03-02}]", "holidays[0].from must be a day"},
          Row{"holidays: [{form: 2026-02-15, to: 2026-02-16}]", "did you mean \"from\""},
          Row{"workday: [2026-02-14]", "did you mean \"workdays\""},
          Row{"workdays:", "workdays has no value"},
          Row{"schedules: {Night: \"22:00-06:00\"}", "1 to 32 of a-z, 0-9 and -"},
          Row{"schedules: {a: {}}", "schedules.a needs weekdays, time or both"},
          Row{"schedules: {a: night}", "schedules.a must be a time of day"},
          Row{"schedules: {a: {tme: \"22:00-06:00\"}}", "did you mean \"time\""},
          Row{"schedules: {a: {weekdays: sund}}", "did you mean \"sun\""},
          Row{"schedules: {a: [\"08:00-08:00\"]}", "is empty"},
          Row{"schedules: []", "schedules must be a map"},
          Row{"[]", "must be a map"}}) {
        const auto said = said_of(row.text);
        INFO(row.text << "\n" << said);
        CHECK(has(said, row.said));
        CHECK(std::count(said.begin(), said.end(), '\n') == 1);
    }
}

TEST_CASE("a calendar of endless days is refused", "[unit]") {
    std::string text = "holidays: [";
    for (int i = 0; i < 200; ++i) text += "{from: 2026-02-01, to: 2026-03-01},";
    CHECK(has(said_of(text + "]"), "has more than 5000 days"));
    Problems problems;
    CHECK_FALSE(load_calendar("/nonexistent/calendar.yaml", problems).has_value());
    CHECK(has(problems.text(), "/nonexistent/calendar.yaml: cannot be read"));
}
