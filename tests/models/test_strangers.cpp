#include "models/strangers.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;
using menshen::models::test::tag_of;
using menshen::models::test::turned;

namespace {

constexpr Calibration kCalibration{"test", {}, 0.01F, 0.9F, 0.97F, 0.95F};  // Joins within 14 degrees, is new beyond 18.
constexpr WallTime kMonday{1'790'000'000'000ms};

Strangers strangers_with_seed(std::uint64_t seed) {
    return {tag_of("test@1"), kCalibration, [random = std::mt19937_64(seed)]() mutable { return random(); }};
}

}  // namespace

TEST_CASE("a stranger seen again keeps the id; another gets another", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto first = strangers.see(turned(0), kMonday);
    CHECK(first.is_new);
    CHECK(first.id.str().size() == 18);
    CHECK(first.id.str().substr(0, 2) == "s-");
    const auto again = strangers.see(turned(10), kMonday + 24h);
    CHECK_FALSE(again.is_new);
    CHECK(again.id == first.id);
    REQUIRE(again.changed);
    CHECK(again.changed->sightings == 2);
    CHECK(again.changed->first_seen == kMonday);
    CHECK(again.changed->last_seen == kMonday + 24h);
    // The centroid is midway now.
    CHECK(cosine(again.changed->centroid, turned(5)) == Approx(1.0).margin(1e-4));
    const auto other = strangers.see(turned(90), kMonday + 24h);
    CHECK(other.is_new);
    CHECK(other.id != first.id);
}

TEST_CASE("neither near enough nor far enough: no identity, nothing changes", "[unit]") {
    auto strangers = strangers_with_seed(1);
    (void)strangers.see(turned(0), kMonday);
    const auto between = strangers.see(turned(16), kMonday);
    CHECK(between.id.empty());
    CHECK_FALSE(between.changed);
    CHECK(strangers.all().size() == 1);
    CHECK(strangers.all().front().sightings == 1);
}

TEST_CASE("an identity lives 7 days from its last sighting and 30 at most", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto id = strangers.see(turned(0), kMonday).id;
    CHECK(strangers.expire(kMonday + 24h * 7 - 1ms).empty());
    CHECK(strangers.expire(kMonday + 24h * 7) == std::vector<StrangerId>{id});
    CHECK(strangers.all().empty());

    const auto frequent = strangers.see(turned(0), kMonday).id;
    for (int day = 1; day < 30; ++day) REQUIRE(strangers.see(turned(0), kMonday + 24h * day).id == frequent);
    const auto thirtieth = strangers.see(turned(0), kMonday + 24h * 30);
    CHECK(thirtieth.dropped == std::vector<StrangerId>{frequent});
    CHECK(thirtieth.is_new);
    CHECK(thirtieth.id != frequent);
}

TEST_CASE("a clock that goes backward neither expires nor rejuvenates", "[unit]") {
    auto strangers = strangers_with_seed(1);
    (void)strangers.see(turned(0), kMonday);
    CHECK(strangers.expire(WallTime{}).empty());
    (void)strangers.see(turned(0), WallTime{});
    CHECK(strangers.all().front().last_seen == kMonday);
}

TEST_CASE("beyond the limit the one unseen for longest goes", "[unit]") {
    // In 2000 dimensions every axis is a stranger of its own.
    const ModelTag model{"wide@1", 2000, Metric::cosine};
    Strangers strangers(model, kCalibration, [next = std::uint64_t{0}]() mutable { return ++next; });
    const auto axis = [&](std::size_t i) {
        Template face{model, std::vector<float>(2000)};
        face.values[i] = 1;
        return face;
    };
    for (std::size_t i = 0; i < Strangers::kLimit; ++i) (void)strangers.see(axis(i), kMonday + Millis(i));
    const auto second = strangers.all()[1].id;
    (void)strangers.see(axis(0), kMonday + 1h);  // The first is seen again, so the second is the oldest.
    const auto more = strangers.see(axis(1500), kMonday + 2h);
    CHECK(more.is_new);
    CHECK(more.dropped == std::vector<StrangerId>{second});
    CHECK(strangers.all().size() == Strangers::kLimit);
}

TEST_CASE("strangers come back after a restart, but not those of another model", "[unit]") {
    auto before = strangers_with_seed(1);
    const auto id = before.see(turned(0), kMonday).id;
    auto kept = before.all();
    kept.push_back({StrangerId("s-foreign"), turned(0, "test@2"), 1, kMonday, kMonday});
    auto after = strangers_with_seed(2);
    CHECK(after.restore(kept) == std::vector<StrangerId>{StrangerId("s-foreign")});
    CHECK(after.see(turned(3), kMonday + 1h).id == id);
    CHECK(after.see(turned(0, "test@2"), kMonday).id.empty());
}

TEST_CASE("forgetting one forgets that one", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto id = strangers.see(turned(0), kMonday).id;
    const auto other = strangers.see(turned(90), kMonday).id;
    CHECK(strangers.forget(id));
    CHECK_FALSE(strangers.forget(id));
    REQUIRE(strangers.all().size() == 1);
    CHECK(strangers.all().front().id == other);
}

TEST_CASE("ids differ even when the source of randomness is stuck", "[unit]") {
    Strangers strangers(tag_of("test@1"), kCalibration, [] { return std::uint64_t{42}; });
    std::set<StrangerId> ids;
    for (const int degrees : {0, 40, 80, 120}) ids.insert(strangers.see(turned(degrees), kMonday).id);
    CHECK(ids.size() == 4);
}
