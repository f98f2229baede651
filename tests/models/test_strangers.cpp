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

const Calibration kCalibration{"test", {}, 0.01F, 0.9F, 0.97F, 0.95F};  // Joins within 14 degrees, is new beyond 18.
constexpr WallTime kMonday{1'790'000'000'000ms};
using Outcome = Strangers::Outcome;

float nobody(const Template& /*face*/) { return -1.0F; }

/// Good pictures, half a second apart, up to `now`.
std::vector<SightedFace> pictures(std::initializer_list<double> degrees, WallTime now = kMonday) {
    std::vector<SightedFace> out;
    for (const double one : degrees) out.push_back({turned(one), 0.8F, now});
    for (std::size_t i = 0; i < out.size(); ++i) out[i].at = now - 500ms * (out.size() - 1 - i);
    return out;
}

/// A walk-up of two pictures that came out alike.
Strangers::Sighting see(Strangers& strangers, const Template& face, WallTime now) {
    const std::vector<SightedFace> walk_up = {{face, 0.8F, now - 500ms}, {face, 0.8F, now}};
    return strangers.see(walk_up, now, nobody);
}

Strangers strangers_with_seed(std::uint64_t seed) {
    return {tag_of("test@1"), kCalibration, [random = std::mt19937_64(seed)]() mutable { return random(); }};
}

}  // namespace

TEST_CASE("a stranger seen again keeps the id; another gets another", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto first = see(strangers, turned(0), kMonday);
    CHECK(first.is_new);
    CHECK(first.id.str().size() == 18);
    CHECK(first.id.str().substr(0, 2) == "s-");
    const auto again = see(strangers, turned(10), kMonday + 24h);
    CHECK_FALSE(again.is_new);
    CHECK(again.id == first.id);
    REQUIRE(again.changed);
    CHECK(again.changed->sightings == 2);
    CHECK(again.changed->first_seen == kMonday);
    CHECK(again.changed->last_seen == kMonday + 24h);
    // The centroid is midway now.
    CHECK(cosine(again.changed->centroid, turned(5)) == Approx(1.0).margin(1e-4));
    const auto other = see(strangers, turned(90), kMonday + 24h);
    CHECK(other.is_new);
    CHECK(other.id != first.id);
}

TEST_CASE("neither near enough nor far enough: no identity, nothing changes", "[unit]") {
    auto strangers = strangers_with_seed(1);
    (void)see(strangers, turned(0), kMonday);
    const auto between = see(strangers, turned(16), kMonday);
    CHECK(between.id.empty());
    CHECK_FALSE(between.changed);
    CHECK(strangers.all().size() == 1);
    CHECK(strangers.all().front().sightings == 1);
}

TEST_CASE("an identity lives 7 days from its last sighting and 30 at most", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto id = see(strangers, turned(0), kMonday).id;
    CHECK(strangers.expire(kMonday + 24h * 7 - 1ms).empty());
    CHECK(strangers.expire(kMonday + 24h * 7) == std::vector<StrangerId>{id});
    CHECK(strangers.all().empty());

    const auto frequent = see(strangers, turned(0), kMonday).id;
    for (int day = 1; day < 30; ++day) REQUIRE(see(strangers, turned(0), kMonday + 24h * day).id == frequent);
    const auto thirtieth = see(strangers, turned(0), kMonday + 24h * 30);
    CHECK(thirtieth.dropped == std::vector<StrangerId>{frequent});
    CHECK(thirtieth.is_new);
    CHECK(thirtieth.id != frequent);
}

TEST_CASE("a clock that goes backward neither expires nor rejuvenates", "[unit]") {
    auto strangers = strangers_with_seed(1);
    (void)see(strangers, turned(0), kMonday);
    CHECK(strangers.expire(WallTime{}).empty());
    (void)see(strangers, turned(0), WallTime{});
    CHECK(strangers.all().front().last_seen == kMonday);
}

TEST_CASE("who was made by a clock far in the future goes once the clock is right", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto today = see(strangers, turned(0), kMonday).id;
    const auto soon = see(strangers, turned(90), kMonday + Strangers::kAhead).id;  // A clock set back by a day is no wonder.
    auto kept = strangers.all();
    // Years ahead: one that was made there, and one that was only seen there.
    kept.push_back({StrangerId("s-made"), turned(180), 2, kMonday + 24h * 3650, kMonday + 24h * 3650});
    kept.push_back({StrangerId("s-seen"), turned(270), 2, kMonday, kMonday + 24h * 3650});
    auto after = strangers_with_seed(2);
    REQUIRE(after.restore(kept).empty());
    CHECK(after.expire(kMonday + 1h).empty());
    const std::vector<StrangerId> from_the_future{StrangerId("s-made"), StrangerId("s-seen")};
    CHECK(after.expire_from_the_future(kMonday + 1h) == from_the_future);
    CHECK(after.expire_from_the_future(kMonday + 1h).empty());
    CHECK(after.all().size() == 2);
    // Nobody outlives 30 days and that one day.
    auto gone = after.expire(kMonday + Strangers::kAhead + 24h * 7);
    std::sort(gone.begin(), gone.end());
    auto both = std::vector<StrangerId>{today, soon};
    std::sort(both.begin(), both.end());
    CHECK(gone == both);
}

TEST_CASE("beyond the limit the one unseen for longest goes", "[unit]") {
    // In 2000 dimensions every axis is a stranger of its own.
    const ModelTag model{"wide@1", 2000, Metric::cosine};
    Strangers strangers(model, kCalibration, [next = std::uint64_t{0}]() mutable { return ++next; });
    const auto axis = [&](std::size_t i) {
        Template face{model, WipedFloats(2000)};
        face.values[i] = 1;
        return face;
    };
    for (std::size_t i = 0; i < Strangers::kLimit; ++i) (void)see(strangers, axis(i), kMonday + Millis(i));
    const auto second = strangers.all()[1].id;
    (void)see(strangers, axis(0), kMonday + 1h);  // The first is seen again, so the second is the oldest.
    const auto more = see(strangers, axis(1500), kMonday + 2h);
    CHECK(more.is_new);
    CHECK(more.dropped == std::vector<StrangerId>{second});
    CHECK(strangers.all().size() == Strangers::kLimit);
}

TEST_CASE("strangers come back after a restart, but not those of another model", "[unit]") {
    auto before = strangers_with_seed(1);
    const auto id = see(before, turned(0), kMonday).id;
    auto kept = before.all();
    kept.push_back({StrangerId("s-foreign"), turned(0, "test@2"), 1, kMonday, kMonday});
    auto after = strangers_with_seed(2);
    CHECK(after.restore(kept) == std::vector<StrangerId>{StrangerId("s-foreign")});
    CHECK(see(after, turned(3), kMonday + 1h).id == id);
    CHECK(see(after, turned(0, "test@2"), kMonday).id.empty());
}

TEST_CASE("forgetting one forgets that one", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto id = see(strangers, turned(0), kMonday).id;
    const auto other = see(strangers, turned(90), kMonday).id;
    CHECK(strangers.forget(id));
    CHECK_FALSE(strangers.forget(id));
    REQUIRE(strangers.all().size() == 1);
    CHECK(strangers.all().front().id == other);
}

TEST_CASE("a new identity takes two good pictures of one face, well apart", "[unit]") {
    auto strangers = strangers_with_seed(1);
    CHECK(strangers.see(pictures({0}), kMonday, nobody).outcome == Outcome::once);
    // Two neighbouring frames are one sighting.
    auto hasty = pictures({0, 1});
    hasty[0].at = hasty[1].at - 199ms;
    CHECK(strangers.see(hasty, kMonday, nobody).outcome == Outcome::once);
    // So are a good and a poor one, and two poor ones are none.
    auto poor = pictures({0, 1});
    poor[0].quality = 0.1F;
    CHECK(strangers.see(poor, kMonday, nobody).outcome == Outcome::once);
    poor[1].quality = 0.1F;
    CHECK(strangers.see(poor, kMonday, nobody).outcome == Outcome::poor);
    // And two that show different faces: a tracker that jumped.
    CHECK(strangers.see(pictures({0, 60}), kMonday, nobody).outcome == Outcome::once);
    CHECK(strangers.count() == 0);

    const auto made = strangers.see(pictures({0, 6}), kMonday, nobody);
    CHECK(made.outcome == Outcome::made);
    CHECK(made.is_new);
    REQUIRE(made.changed);
    CHECK(made.changed->sightings == 1);  // Of one walk-up.
    CHECK(cosine(made.changed->centroid, turned(3)) == Approx(1.0).margin(1e-4));
    // A known one is recognised in a single picture.
    const auto again = strangers.see(pictures({8}, kMonday + 24h), kMonday + 24h, nobody);
    CHECK(again.outcome == Outcome::known);
    CHECK(again.id == made.id);
}

TEST_CASE("a picture of a passer-by does not count, and a better picture counts for more", "[unit]") {
    auto strangers = strangers_with_seed(1);
    auto walk_up = pictures({0, 90, 6});
    walk_up[0].quality = 0.9F;
    walk_up[2].quality = 0.45F;
    const auto made = strangers.see(walk_up, kMonday, nobody);
    REQUIRE(made.changed);
    CHECK(cosine(made.changed->centroid, turned(2)) == Approx(1.0).margin(1e-4));
}

TEST_CASE("a walk-up with a picture near to a resident is no stranger", "[unit]") {
    auto strangers = strangers_with_seed(1);
    // The ceiling of 0.9 is 26 degrees.
    const NearestPerson resident = [](const Template& face) { return cosine(turned(30), face); };
    CHECK(strangers.see(pictures({0, 5, 1}), kMonday, resident).outcome == Outcome::resident);
    CHECK(strangers.count() == 0);
    CHECK(strangers.see(pictures({0, 2, 1}), kMonday, resident).outcome == Outcome::made);
}

TEST_CASE("an identity whose centroid comes near to a resident is forgotten", "[unit]") {
    auto strangers = strangers_with_seed(1);
    // Two bad days on either side of the resident, out of their plane: each 26 degrees away, their mean 25.
    const double tilt = 25 * 3.14159265358979 / 180;
    const NearestPerson resident = [&](const Template& face) {
        return cosine(Template{tag_of("test@1"), {static_cast<float>(std::cos(tilt)), 0, static_cast<float>(std::sin(tilt)), 0}},
                      face);
    };
    const auto first = strangers.see(pictures({-7, -6.9}), kMonday, resident);
    REQUIRE(first.outcome == Outcome::made);
    const auto second = strangers.see(pictures({6.9, 7}, kMonday + 24h), kMonday + 24h, resident);
    CHECK(second.outcome == Outcome::resident);
    CHECK(second.id.empty());
    CHECK_FALSE(second.changed);
    CHECK(second.dropped == std::vector<StrangerId>{first.id});
    CHECK(strangers.count() == 0);
}

TEST_CASE("a resident who is recognised, or enrolled, is no stranger any more", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto bad_day = see(strangers, turned(0), kMonday).id;
    const auto other = see(strangers, turned(90), kMonday).id;
    CHECK(strangers.recognised(turned(16)).empty());
    CHECK(strangers.recognised(turned(0, "test@2")).empty());
    CHECK(strangers.recognised(turned(10)) == std::vector<StrangerId>{bad_day});
    CHECK(strangers.drop_residents([](const Template& face) { return cosine(turned(65), face); }) ==
          std::vector<StrangerId>{other});
    CHECK(strangers.count() == 0);
}

TEST_CASE("two identities that come to agree are one: the older lives on with its age", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto older = see(strangers, turned(0), kMonday);
    const auto younger = see(strangers, turned(20), kMonday + 24h);  // Beyond 18 degrees: a new one.
    REQUIRE(younger.is_new);
    // Nearest to the younger one, whose centroid moves to 14.5 degrees: not near enough yet.
    const auto third = see(strangers, turned(11), kMonday + 24h * 2);
    CHECK(third.id == younger.id);
    CHECK(third.merged.empty());
    const auto proof = see(strangers, turned(9), kMonday + 24h * 5);
    CHECK(proof.outcome == Outcome::known);
    CHECK(proof.id == older.id);
    CHECK(proof.merged == std::vector<StrangerId>{younger.id});
    CHECK(proof.dropped == std::vector<StrangerId>{younger.id});
    REQUIRE(proof.changed);
    CHECK(proof.changed->sightings == 4);
    CHECK(proof.changed->first_seen == kMonday);
    CHECK(proof.changed->last_seen == kMonday + 24h * 5);
    CHECK(strangers.count() == 1);
    // Seven days from the last sighting of either.
    CHECK(strangers.expire(kMonday + 24h * 12 - 1ms).empty());
    // And thirty from the first sighting of the older one, however often they come.
    for (int day = 6; day < 30; ++day) REQUIRE(see(strangers, turned(8), kMonday + 24h * day).id == older.id);
    CHECK(strangers.expire(kMonday + 24h * 30) == std::vector<StrangerId>{older.id});
}

TEST_CASE("wiping forgets all", "[unit]") {
    auto strangers = strangers_with_seed(1);
    const auto id = see(strangers, turned(0), kMonday).id;
    const auto other = see(strangers, turned(90), kMonday).id;
    CHECK(strangers.wipe() == std::vector<StrangerId>{id, other});
    CHECK(strangers.count() == 0);
    CHECK(strangers.wipe().empty());
    CHECK(see(strangers, turned(0), kMonday).is_new);
}

TEST_CASE("ids differ even when the source of randomness is stuck", "[unit]") {
    Strangers strangers(tag_of("test@1"), kCalibration, [] { return std::uint64_t{42}; });
    std::set<StrangerId> ids;
    for (const int degrees : {0, 40, 80, 120}) ids.insert(see(strangers, turned(degrees), kMonday).id);
    CHECK(ids.size() == 4);
}
