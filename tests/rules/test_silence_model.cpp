#include "rules/silence_model.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "rules/bytes.hpp"
#include "tests/support/catch.hpp"

namespace menshen::rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr SilenceBudget kOne{1, 1h, 48h};

Stamp at(int day, Millis time_of_day) { return {WallTime{hours{24 * (20'000 + day)} + time_of_day}, minutes{0}}; }

/// Random numbers that are the same with every library.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    double uniform() {  // above 0, below 1
        state_ += 0x9e3779b97f4a7c15U;
        auto z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return (static_cast<double>((z ^ (z >> 31)) >> 12) + 0.5) / 4503599627370496.0;
    }
    Millis wait(Millis mean) { return up(-std::log(uniform()) * static_cast<double>(mean.count())); }
    Millis around(Millis middle, Millis spread) {
        const double bell = uniform() + uniform() + uniform() + uniform() - 2;
        return middle + up(bell * static_cast<double>(spread.count()));
    }

private:
    static Millis up(double ms) { return Millis{static_cast<std::int64_t>(ms) + 1}; }
    std::uint64_t state_;
};

/// How irregular somebody is.
struct Habits {
    Millis pause = 25min;     ///< By day, in the mean.
    Millis spread = 40min;    ///< Of going to bed and getting up.
    double out_a_day = 0;     ///< Absences that nobody marks, in the mean.
    double heavy_tail = 2.5;  ///< The chance that one lasts x hours falls as x to minus this.
};

/// The marks of `days` days, ascending.
std::vector<Stamp> life(const Habits& habits, int days, std::uint64_t seed) {
    Dice dice(seed);
    std::vector<Stamp> marks;
    auto now = at(0, 7h).time;
    for (int day = 0; day < days; ++day) {
        const auto bed = at(day, dice.around(22h + 30min, habits.spread)).time;
        const auto up = at(day + 1, dice.around(6h + 30min, habits.spread)).time;
        while (now < bed) {
            marks.push_back({now, minutes{0}});
            now = now + dice.wait(habits.pause);
            if (dice.uniform() < habits.out_a_day / 35) {
                const double length = 2 * std::pow(dice.uniform(), -1 / habits.heavy_tail);
                now = now + Millis{static_cast<std::int64_t>(std::fmin(length, 60) * 3.6e6)};
            }
        }
        if (now < up) now = up;
    }
    return marks;
}

struct Outcome {
    int alerts = 0;
    double days = 0;
};

/// Plays the marks back; alerts count from `from_day` on.
Outcome play(SilenceModel& model, const std::vector<Stamp>& marks, const SilenceBudget& budget, int from_day) {
    Outcome out;
    model.restart(marks.front());
    for (std::size_t i = 1; i < marks.size(); ++i) {
        const auto silence = marks[i].time - marks[i - 1].time;
        const bool counts = marks[i - 1].time >= at(from_day, 0h).time;
        if (counts && silence >= budget.at_least && silence >= model.usual_until(marks[i - 1], budget)) ++out.alerts;
        model.add_mark(marks[i], silence);
    }
    out.days = static_cast<double>((marks.back().time - at(from_day, 0h).time).count()) / 86'400'000;
    return out;
}

SilenceModel learned(const Habits& habits, int days) {
    SilenceModel model;
    play(model, life(habits, days, 7), kOne, days);
    return model;
}

std::string bytes_of(SilenceModel model) {
    ByteWriter out;
    transfer(out, model);
    return out.take();
}

TEST_CASE("a silence model that knows little gives at_most", "[unit]") {
    SilenceModel model;
    CHECK(model.usual_until(at(0, 12h), kOne) == 48h);
    CHECK(model.usual_silence(at(0, 12h)) == 0ms);
    model.restart(at(0, 8h));
    CHECK(model.usual_until(at(0, 12h), kOne) == 48h);

    const auto three_days = learned({}, 3);
    CHECK(three_days.is_cold());
    CHECK(three_days.usual_until(at(3, 12h), {100, 1h, 36h}) == 36h);
    const auto ten_days = learned({}, 10);
    CHECK_FALSE(ten_days.is_cold());
    CHECK(ten_days.usual_until(at(10, 12h), kOne) < 36h);
}

TEST_CASE("a regular person's silence is unusual after hours by day, and after the night before the night", "[unit]") {
    const auto model = learned({}, 60);
    const auto morning = model.usual_until(at(60, 10h), kOne);
    const auto bedtime = model.usual_until(at(60, 22h + 30min), kOne);
    CHECK(morning >= 1h);
    CHECK(morning <= 5h);
    CHECK(bedtime > 8h + 30min);
    CHECK(bedtime < 15h);
    // What began late ends with the same morning.
    CHECK(model.usual_until(at(60, 23h + 30min), kOne) < bedtime);
    CHECK(model.usual_silence(at(60, 10h)) < 2h);
    CHECK(model.usual_silence(at(60, 22h + 30min)) > 7h);
    CHECK(model.usual_silence(at(60, 22h + 30min)) < bedtime);
}

TEST_CASE("a larger budget never gives a longer threshold, and the limits hold", "[unit]") {
    for (const auto& model : {learned({}, 8), learned({}, 40), learned({70min, 3h, 0.4, 1.2}, 90)}) {
        for (int hour = 0; hour < 24; ++hour) {
            Millis before = 48h;
            for (double budget = 0.01; budget < 200; budget *= 1.25) {
                CAPTURE(hour, budget);
                const auto limit = model.usual_until(at(90, hours{hour}), {budget, 0ms, 48h});
                REQUIRE(limit <= before);
                REQUIRE(limit % 1min == 0ms);
                before = limit;
            }
            CHECK(before < 12h);
            CHECK(model.usual_until(at(90, hours{hour}), {1000, 4h, 48h}) >= 4h);
            CHECK(model.usual_until(at(90, hours{hour}), {1e-9, 4h, 20h}) == 20h);
            CHECK(model.usual_until(at(90, hours{hour}), {0, 4h, 20h}) == 20h);
        }
    }
}

TEST_CASE("a silence that is not told is not learned", "[unit]") {
    auto marks = life({}, 60, 7);
    SilenceModel home;
    play(home, marks, kOne, 0);
    auto excused = home;
    auto told = home;
    for (int day = 61; day < 75; ++day) {
        for (auto* model : {&excused, &told}) model->add_mark(at(day, 9h), 8min);
        excused.restart(at(day, 21h));
        told.add_mark(at(day, 21h), 12h);
    }
    const auto before = home.usual_until(at(75, 9h), kOne);
    CHECK(excused.usual_until(at(75, 9h), kOne) <= before + 1h);
    CHECK(told.usual_until(at(75, 9h), kOne) > before + 4h);
}

TEST_CASE("habits that change are learned in some weeks", "[unit]") {
    auto model = learned({}, 60);
    const auto before = model.usual_until(at(60, 13h), kOne);
    for (int day = 60; day < 90; ++day) {  // now a nap of five hours
        model.add_mark(at(day, 13h), 5min);
        model.add_mark(at(day, 18h), 5h);
        model.add_mark(at(day, 22h), 30min);
        model.add_mark(at(day + 1, 7h), 9h);
    }
    CHECK(before < 5h);
    CHECK(model.usual_until(at(90, 13h), kOne) > 5h);
    CHECK(model.usual_silence(at(90, 13h)) > 4h);
}

TEST_CASE("a checkpoint of a silence model is exact to the bit", "[unit]") {
    auto model = learned({40min, 90min, 0.3, 1.5}, 50);
    const auto bytes = bytes_of(model);
    SilenceModel copy;
    ByteReader in(bytes);
    transfer(in, copy);
    CHECK(in.ok());
    CHECK(in.at_end());
    CHECK(copy == model);
    CHECK(bytes_of(copy) == bytes);
    // And goes on the same.
    for (auto* one : {&model, &copy}) one->add_mark(at(51, 12h), 3h);
    CHECK(copy == model);

    ByteReader cut(std::string_view(bytes).substr(0, bytes.size() / 2));
    SilenceModel half;
    transfer(cut, half);
    CHECK_FALSE(cut.ok());
}

TEST_CASE("a silence model survives odd clocks", "[unit]") {
    SECTION("a clock set back neither ages nor counts days again") {
        auto model = learned({}, 30);
        const auto days = model.days();
        model.add_mark(at(10, 12h), 20min);
        CHECK(model.days() == days);
        CHECK_FALSE(model.is_cold());
        model.add_mark(at(31, 12h), 20min);
        CHECK(model.days() > days);
        CHECK(model.usual_until(at(31, 12h), kOne) < 8h);
    }
    SECTION("a silence that event time says is negative, endless or exactly a burst") {
        auto model = learned({}, 30);
        model.add_mark(at(31, 12h), Millis{-5});
        model.add_mark(at(31, 12h), Millis::max() / 4);
        model.add_mark(at(31, 12h), 10min);
        model.add_mark(at(-30'000, 12h), 3h);
        const auto limit = model.usual_until(at(31, 12h), kOne);
        CHECK(limit >= 1h);
        CHECK(limit <= 48h);
    }
    SECTION("a day in another offset") {
        const auto model = learned({}, 40);
        const Stamp local{at(40, 10h).time - hours{8}, minutes{480}};
        CHECK(model.usual_until(local, kOne) == model.usual_until(at(40, 10h), kOne));
    }
    SECTION("months of nothing leave what was learned, and only a day older") {
        auto model = learned({}, 40);
        const auto days = model.days();
        model.restart(at(400, 10h));
        CHECK(model.days() < days + 1);
        CHECK(model.usual_until(at(400, 10h), kOne) < 8h);
    }
}

TEST_CASE("millions of marks leave a silence model finite and useful", "[unit]") {
    SilenceModel model;
    Dice dice(3);
    auto now = at(0, 7h).time;
    for (int i = 0; i < 2'000'000; ++i) {
        const auto silence = i % 50 == 0 ? dice.wait(40min) : Millis{20'000};
        now = now + silence;
        model.add_mark({now, minutes{0}}, silence);
    }
    CHECK(model.days() > 50);
    CHECK(model.days() < 61);
    const auto limit = model.usual_until({now, minutes{0}}, kOne);
    CHECK(limit > 2h);
    CHECK(limit < 10h);
}

// The rate is that of 24 seeded persons together; the bound is the upper 97.5 % limit of a Poisson count of the budget.
TEST_CASE("simulated persons keep the budget of false alerts", "[sim]") {
    const auto budget = GENERATE(0.25, 0.5, 1.0, 2.0, 4.0);
    const Habits regular{};
    const Habits sleeper{25min, 2h, 0.1, 2.5};
    const Habits rambler{45min, 90min, 0.5, 2.0};
    const Habits heavy{30min, 1h, 0.15, 1.2};
    double alerts = 0;
    double days = 0;
    for (const auto& habits : {regular, sleeper, rambler, heavy}) {
        for (std::uint64_t seed = 1; seed <= 6; ++seed) {
            SilenceModel model;
            const auto outcome = play(model, life(habits, 110, seed), {budget, 1h, 48h}, 14);
            alerts += outcome.alerts;
            days += outcome.days;
        }
    }
    const double expected = budget * days / 30;
    CAPTURE(budget, alerts, expected);
    CHECK(alerts <= expected + 1.96 * std::sqrt(expected) + 1);
    CHECK(alerts > 0);  // it does watch
}

}  // namespace
}  // namespace menshen::rules
