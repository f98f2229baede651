// What must hold whatever comes by: a long street of strangers, drawn from a seed, against the limits.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "models/strangers.hpp"
#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

constexpr std::uint16_t kDim = 24;
const ModelTag kModel{"street@1", kDim, Metric::cosine};
constexpr WallTime kMonday{1'790'000'000'000ms};
using Outcome = Strangers::Outcome;

Calibration street_calibration() {
    Calibration out;
    out.model = "street";
    out.margin = 0.01F;
    out.stranger_ceiling = 0.8F;
    out.stranger_join = 0.8F;
    out.stranger_new = 0.75F;
    return out;
}

/// People with faces at random; each day of one is the face with noise, and each picture of a walk-up the day with some more.
class Street {
public:
    Street(std::uint64_t seed, std::size_t people) : random_(seed) {
        for (std::size_t i = 0; i < people; ++i) faces_.push_back(direction());
    }

    [[nodiscard]] Template picture(std::size_t person, float noise) { return noisy(faces_.at(person), noise); }

    [[nodiscard]] std::vector<SightedFace> walk_up(std::size_t person, WallTime at) {
        const auto today = picture(person, 0.2F + 0.1F * static_cast<float>(random_() % 6));
        std::vector<SightedFace> out;
        for (std::size_t i = random_() % 3 + 1; i > 0; --i)
            out.push_back({noisy(today.values, 0.2F), 0.8F, at + Millis(i * 300)});
        return out;
    }

    [[nodiscard]] std::size_t below(std::size_t limit) { return random_() % limit; }

private:
    Template noisy(WipedFloats values, float noise) {
        for (auto& value : values) value += noise * normal_(random_) / std::sqrt(static_cast<float>(kDim));
        normalise(values);
        return {kModel, std::move(values)};
    }

    WipedFloats direction() {
        WipedFloats out(kDim);
        for (auto& value : out) value = normal_(random_);
        normalise(out);
        return out;
    }

    std::mt19937_64 random_;
    std::normal_distribution<float> normal_;
    std::vector<WipedFloats> faces_;
};

RandomBits counted(std::uint64_t first) {
    // Mixed, so that a later id may sort before an older one.
    return [next = first]() mutable { return ++next * 0x9E3779B97F4A7C15ULL; };
}

float nobody(const Template& /*face*/) { return -1.0F; }

bool same(const StrangerIdentity& a, const StrangerIdentity& b) {
    return a.id == b.id && a.centroid.values == b.centroid.values && a.sightings == b.sightings && a.first_seen == b.first_seen &&
           a.last_seen == b.last_seen;
}

std::vector<StrangerIdentity> sorted(const Strangers& strangers) {
    auto out = strangers.all();
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return out;
}

}  // namespace

TEST_CASE("a street of strangers: bounded, of unit length, never too old, and told in full", "[unit]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 9));
    CAPTURE(seed);
    Street street(seed, 60);
    Strangers strangers(kModel, street_calibration(), counted(seed));
    std::map<StrangerId, StrangerIdentity> told;  // What a store would hold that only hears of changes.
    WallTime now = kMonday;
    std::size_t merges = 0;
    for (int step = 0; step < 1500; ++step) {
        now = now + Millis(std::chrono::minutes(street.below(120)));
        // Sometimes the clock is a day back for one walk-up.
        const WallTime seen_at = street.below(20) == 0 ? now - 24h : now;
        const auto sighting = strangers.see(street.walk_up(street.below(60), seen_at), seen_at, nobody);
        for (const auto& id : sighting.dropped) REQUIRE(told.erase(id) == 1);
        for (const auto& id : sighting.merged) REQUIRE(std::count(sighting.dropped.begin(), sighting.dropped.end(), id) == 1);
        merges += sighting.merged.size();
        REQUIRE((sighting.outcome == Outcome::known || sighting.outcome == Outcome::made) == !sighting.id.empty());
        REQUIRE(sighting.changed.has_value() == !sighting.id.empty());
        if (sighting.changed) told[sighting.id] = *sighting.changed;
        REQUIRE(strangers.count() <= Strangers::kLimit);
        REQUIRE(strangers.count() == told.size());
    }
    CHECK(merges > 0);
    for (const auto& one : strangers.all()) {
        REQUIRE(same(told.at(one.id), one));
        CHECK(cosine(one.centroid, one.centroid) == Approx(1.0).margin(1e-5));
        CHECK(now - one.last_seen < Strangers::kSinceLastSighting + 24h);
        CHECK(now - one.first_seen < Strangers::kAtMost + 24h);
    }
}

TEST_CASE("a restart at any moment changes nothing that comes after", "[unit]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 9));
    CAPTURE(seed);
    Street street(seed, 40);
    std::vector<std::pair<WallTime, std::vector<SightedFace>>> days;
    WallTime now = kMonday;
    for (int step = 0; step < 600; ++step) {
        now = now + Millis(std::chrono::minutes(street.below(180)));
        days.emplace_back(now, street.walk_up(street.below(40), now));
    }
    const auto random = std::make_shared<RandomBits>(counted(seed));
    const auto other_random = std::make_shared<RandomBits>(counted(seed));
    Strangers running(kModel, street_calibration(), [random] { return (*random)(); });
    auto restarted = std::make_unique<Strangers>(kModel, street_calibration(), [other_random] { return (*other_random)(); });
    for (const auto& [at, walk_up] : days) {
        if (street.below(10) == 0) {
            auto kept = restarted->all();
            std::reverse(kept.begin(), kept.end());  // A database keeps no order.
            restarted = std::make_unique<Strangers>(kModel, street_calibration(), [other_random] { return (*other_random)(); });
            REQUIRE(restarted->restore(std::move(kept)).empty());
        }
        const auto one = running.see(walk_up, at, nobody), other = restarted->see(walk_up, at, nobody);
        REQUIRE(one.outcome == other.outcome);
        REQUIRE(one.id == other.id);
        REQUIRE(one.dropped == other.dropped);
        REQUIRE(one.merged == other.merged);
    }
    const auto left = sorted(running), right = sorted(*restarted);
    REQUIRE(left.size() == right.size());
    for (std::size_t i = 0; i < left.size(); ++i) CHECK(same(left[i], right[i]));
}

TEST_CASE("the order of days does not decide who is one person", "[unit]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 20));
    CAPTURE(seed);
    Street street(seed, 3);
    // Three people on three days each, with pictures that are near enough to each other.
    std::vector<std::pair<std::size_t, Template>> visits;
    for (int day = 0; day < 3; ++day)
        for (std::size_t person = 0; person < 3; ++person) visits.emplace_back(person, street.picture(person, 0.3F));
    for (int shuffle = 0; shuffle < 10; ++shuffle) {
        for (std::size_t i = visits.size(); i > 1; --i) std::swap(visits[i - 1], visits[street.below(i)]);
        Strangers strangers(kModel, street_calibration(), counted(seed), {.quality = 0, .sightings = 1});
        std::map<std::size_t, std::set<StrangerId>> ids;
        WallTime now = kMonday;
        for (const auto& [person, face] : visits) {
            const SightedFace sighted{face, 1, now};
            ids[person].insert(strangers.see({&sighted, 1}, now, nobody).id);
            now = now + 8h;
        }
        CHECK(strangers.count() == 3);
        for (const auto& [person, of_person] : ids) CHECK(of_person.size() == 1);
    }
}

TEST_CASE("expiry with a clock that goes back and forth: never early by the truest time, never a second life", "[unit]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 9));
    CAPTURE(seed);
    Street street(seed, 1);
    Strangers strangers(kModel, street_calibration(), counted(seed), {.quality = 0, .sightings = 1});
    const auto look = [&](WallTime at) {
        const SightedFace sighted{street.picture(0, 0.2F), 1, at};
        return strangers.see({&sighted, 1}, at, nobody);
    };
    const auto first = look(kMonday).id;
    WallTime latest = kMonday;
    for (int day = 1; day < 40; ++day) {
        const WallTime noon = kMonday + 24h * day;
        const WallTime told = street.below(4) == 0 ? WallTime{} + 24h * day : noon;
        const auto seen = look(told);
        latest = std::max(latest, told);
        if (latest - kMonday < Strangers::kAtMost) {
            REQUIRE(seen.id == first);
            REQUIRE(strangers.all().front().first_seen == kMonday);
            REQUIRE(strangers.all().front().last_seen == latest);
        }
    }
    CHECK(strangers.all().front().id != first);
}
