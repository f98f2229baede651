// Parts of days and the days they belong to. November 2026 begins with a Sunday; the 2nd is a Monday.

#include "rules/schedule.hpp"

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

std::int64_t day(int n) { return stamp_of(n, "00:00").local_day(); }

/// The 4th (Wednesday) is a holiday, the 7th (Saturday) is worked in exchange.
Calendar calendar() { return {.holidays = {day(4)}, .workdays = {day(7)}}; }

Schedule on(DaySet days, Millis from, Millis to) { return {{{days, During{from, to}}}}; }

constexpr DaySet kWorkdays{.weekdays = 0, .workdays = true};
constexpr DaySet kDaysOff{.weekdays = 0, .days_off = true};
constexpr DaySet kHolidays{.weekdays = 0, .holidays = true};

}  // namespace

TEST_CASE("workdays, days off and holidays", "[unit]") {
    struct Row {
        int day;
        bool workday, holiday;
    };
    for (const auto& row : {Row{1, false, false}, Row{2, true, false}, Row{3, true, false}, Row{4, false, true},
                            Row{5, true, false}, Row{6, true, false}, Row{7, true, false}, Row{8, false, false}}) {
        INFO(row.day);
        const auto c = calendar();
        CHECK(c.is_workday(day(row.day)) == row.workday);
        CHECK(c.is_holiday(day(row.day)) == row.holiday);
        CHECK(kWorkdays.holds(day(row.day), c) == row.workday);
        CHECK(kDaysOff.holds(day(row.day), c) == !row.workday);
        CHECK(kHolidays.holds(day(row.day), c) == row.holiday);
        CHECK(DaySet{}.holds(day(row.day), c));
    }
    // A make-up workday wins over a holiday of the same day.
    const Calendar both{.holidays = {day(7)}, .workdays = {day(7)}};
    CHECK(both.is_workday(day(7)));
    CHECK_FALSE(both.is_holiday(day(7)));
    // Days before 1970 have weekdays too: 1969-12-29 was a Monday.
    CHECK(DaySet{.weekdays = 1}.holds(-3, {}));
    CHECK_FALSE(DaySet{.weekdays = 1}.holds(-2, {}));
}

TEST_CASE("a span holds from its begin to before its end", "[unit]") {
    const auto morning = on({}, 8h, 12h);
    CHECK_FALSE(morning.holds(stamp_of(2, "07:59:59.999"), {}));
    CHECK(morning.holds(stamp_of(2, "08:00"), {}));
    CHECK(morning.holds(stamp_of(2, "11:59:59.999"), {}));
    CHECK_FALSE(morning.holds(stamp_of(2, "12:00"), {}));
    CHECK(on({}, 0h, 24h).holds(stamp_of(2, "23:59:59.999"), {}));
    const Schedule shifts{{{{}, During{8h, 12h}}, {{}, During{13h, 17h}}}};
    CHECK(shifts.holds(stamp_of(2, "13:00"), {}));
    CHECK_FALSE(shifts.holds(stamp_of(2, "12:30"), {}));
    CHECK_FALSE(Schedule{}.holds(stamp_of(2, "12:30"), {}));
}

TEST_CASE("a night belongs to the day on which it begins", "[unit]") {
    const auto c = calendar();
    const auto friday_night = on({.weekdays = 1 << 4}, 22h, 6h);
    CHECK_FALSE(friday_night.holds(stamp_of(6, "05:00"), c));  // Thursday's
    CHECK(friday_night.holds(stamp_of(6, "22:00"), c));
    CHECK(friday_night.holds(stamp_of(7, "05:59:59"), c));
    CHECK_FALSE(friday_night.holds(stamp_of(7, "06:00"), c));
    CHECK_FALSE(friday_night.holds(stamp_of(7, "22:00"), c));
    // The night of the holiday runs into the workday after it.
    const auto free_night = on(kDaysOff, 22h, 6h);
    CHECK_FALSE(free_night.holds(stamp_of(4, "05:00"), c));
    CHECK(free_night.holds(stamp_of(4, "23:00"), c));
    CHECK(free_night.holds(stamp_of(5, "05:00"), c));
    CHECK_FALSE(free_night.holds(stamp_of(5, "23:00"), c));
}

TEST_CASE("the next begin of a schedule", "[unit]") {
    using At = Schedule::LocalTime;
    const auto c = calendar();
    const auto work = on(kWorkdays, 8h, 17h);
    CHECK(work.next_begin({day(2), 7h}, c) == At{day(2), 8h});
    CHECK(work.next_begin({day(2), 8h}, c) == At{day(3), 8h});  // after, not at
    CHECK(work.next_begin({day(3), 9h}, c) == At{day(5), 8h});  // over the holiday
    CHECK(work.next_begin({day(6), 9h}, c) == At{day(7), 8h});  // the make-up workday
    CHECK(work.next_begin({day(7), 9h}, c) == At{day(9), 8h});
    CHECK(on(kHolidays, 8h, 17h).next_begin({day(1), 0h}, c) == At{day(4), 8h});
    CHECK_FALSE(on(kHolidays, 8h, 17h).next_begin({day(4), 8h}, c).has_value());
    CHECK_FALSE(Schedule{}.next_begin({day(4), 8h}, c).has_value());
    const Schedule two{{{{}, During{13h, 17h}}, {{}, During{8h, 12h}}}};
    CHECK(two.next_begin({day(2), 0h}, c) == At{day(2), 8h});
    CHECK(two.next_begin({day(2), 12h}, c) == At{day(2), 13h});
    CHECK(two.next_begin({day(2), 13h}, c) == At{day(3), 8h});
}
