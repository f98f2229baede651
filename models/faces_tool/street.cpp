#include "models/faces_tool/street.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "models/gallery.hpp"
#include "models/seeded.hpp"
#include "models/strangers.hpp"

namespace menshen::models::faces_tool {
namespace {

constexpr std::size_t kEnrolPictures = 3;
constexpr std::size_t kRun = 3;  // "Three days running".
constexpr WallTime kMonday{1'790'000'000'000ms};

enum class Part : std::uint8_t { resident, repeater, passer_by };

struct Visit {
    std::size_t day = 0;
    std::size_t person = 0;
    const Template* face = nullptr;
};

/// Somebody of the set.
struct Album {
    std::vector<Template> pictures;
};

/// Who has been given an identity, on which day.
using Sightings = std::set<std::pair<std::size_t, std::size_t>>;  // (person, day)

/// Who plays what in one round, and when they come.
class Cast {
public:
    Cast(const std::vector<Album>& albums, const StreetPlan& plan, Seeded& random) : parts_(albums.size()) {
        std::vector<std::size_t> many, few;
        for (std::size_t i = 0; i < albums.size(); ++i) {
            if (!albums[i].pictures.empty()) (albums[i].pictures.size() >= kRun ? many : few).push_back(i);
            pictures_.push_back(pictures_of(albums[i], random));
        }
        random.shuffle(many);
        random.shuffle(few);
        // Half of those with pictures enough live here, the others come three days running. Of those with one or two pictures
        // some are enrolled and stay at home; the rest pass by once, at least as many of them as there are others.
        for (std::size_t i = 0; i < many.size(); ++i) {
            const bool enrolled =
                i % 2 == 0 && enrolled_.size() < plan.residents && albums[many[i]].pictures.size() > kEnrolPictures;
            if (enrolled)
                enrol(many[i], plan, random);
            else
                come_again(many[i], plan, random);
        }
        for (std::size_t i = 0; i < few.size(); ++i) {
            const bool enrolled = enrolled_.size() < plan.residents && i < few.size() / 2;
            if (enrolled)
                enrol(few[i], plan, random);
            else
                pass_by(few[i], plan, random);
        }
        random.shuffle(visits_);
        std::stable_sort(visits_.begin(), visits_.end(), [](const Visit& a, const Visit& b) { return a.day < b.day; });
    }

    [[nodiscard]] const std::vector<Visit>& visits() const { return visits_; }
    [[nodiscard]] Part part_of(std::size_t person) const { return parts_[person]; }
    [[nodiscard]] std::size_t repeaters() const { return repeaters_; }
    [[nodiscard]] std::vector<Enrolled> enrolled() const { return enrolled_faces_; }

private:
    static std::vector<const Template*> pictures_of(const Album& album, Seeded& random) {
        std::vector<const Template*> out;
        for (const auto& picture : album.pictures) out.push_back(&picture);
        random.shuffle(out);
        return out;
    }

    void enrol(std::size_t person, const StreetPlan& plan, Seeded& random) {
        parts_[person] = Part::resident;
        enrolled_.push_back(person);
        const auto& pictures = pictures_[person];
        const std::size_t kept = std::min(pictures.size(), kEnrolPictures);
        const PersonId id("p" + std::to_string(person));
        for (std::size_t i = 0; i < kept; ++i) enrolled_faces_.push_back({id, *pictures[i]});
        // The rest day by day: a row of bad days is what must not make a stranger.
        const std::size_t rest = std::min(pictures.size() - kept, plan.days);
        const std::size_t first = random.below(plan.days - rest + 1);
        for (std::size_t i = 0; i < rest; ++i) visits_.push_back({first + i, person, pictures[kept + i]});
    }

    void come_again(std::size_t person, const StreetPlan& plan, Seeded& random) {
        parts_[person] = Part::repeater;
        ++repeaters_;
        const std::size_t first = random.below(plan.days - kRun + 1);
        for (std::size_t i = 0; i < kRun; ++i) visits_.push_back({first + i, person, pictures_[person][i]});
    }

    void pass_by(std::size_t person, const StreetPlan& plan, Seeded& random) {
        parts_[person] = Part::passer_by;
        visits_.push_back({random.below(plan.days), person, pictures_[person].front()});
    }

    std::vector<Part> parts_;
    std::vector<std::vector<const Template*>> pictures_;
    std::vector<std::size_t> enrolled_;
    std::vector<Enrolled> enrolled_faces_;
    std::vector<Visit> visits_;
    std::size_t repeaters_ = 0;
};

/// The strangers in these sightings who came on all their days.
std::set<std::size_t> complete_in(const Sightings& sightings, const Cast& cast) {
    std::map<std::size_t, std::size_t> days;
    for (const auto& [person, day] : sightings)
        if (cast.part_of(person) == Part::repeater) ++days[person];
    std::set<std::size_t> out;
    for (const auto& [person, count] : days)
        if (count == kRun) out.insert(person);
    return out;
}

bool runs_until(const Sightings& sightings, std::size_t today) {
    std::set<std::size_t> days;
    for (const auto& [person, day] : sightings) days.insert(day);
    for (std::size_t back = 0; back < kRun; ++back)
        if (today < back || !days.contains(today - back)) return false;
    return true;
}

bool has_resident(const Sightings& sightings, const Cast& cast) {
    return std::any_of(sightings.begin(), sightings.end(),
                       [&](const auto& one) { return cast.part_of(one.first) == Part::resident; });
}

/// One round.
class Round {
public:
    Round(const Cast& cast, Gallery& gallery, Strangers& strangers, StreetFigures& figures)
        : cast_(cast), gallery_(gallery), strangers_(strangers), figures_(figures) {}

    void play() {
        std::size_t minute = 0;
        for (const auto& visit : cast_.visits())
            come(visit, kMonday + 24h * visit.day + Millis(std::chrono::minutes(minute++ % 600)));
        figures_.repeaters += cast_.repeaters();
        figures_.found += found_.size();
        figures_.found_unmerged += found_unmerged_.size();
    }

private:
    void come(const Visit& visit, WallTime now) {
        const bool resident = cast_.part_of(visit.person) == Part::resident;
        ++(resident ? figures_.resident_visits : figures_.stranger_visits);
        const auto match = gallery_.compare(*visit.face);
        if (match.accepted) {
            if (!resident) ++figures_.taken_for_resident;
            for (const auto& id : strangers_.recognised(*visit.face)) identities_.erase(id);
            return;
        }
        if (resident) ++figures_.unrecognised;
        const SightedFace sighted{*visit.face, 1.0F, now};
        const auto seen =
            strangers_.see({&sighted, 1}, now, [&](const Template& face) { return gallery_.compare(face).best_score; });
        note_merges(seen);
        for (const auto& id : seen.dropped) identities_.erase(id);
        if (seen.id.empty()) {
            if (!resident) ++figures_.no_identity;
            return;
        }
        if (resident) ++figures_.bad_days_as_stranger;
        identities_[seen.id].emplace(visit.person, visit.day);
        as_told_[seen.id].emplace(visit.person, visit.day);
        judge(seen.id, visit.day);
    }

    void note_merges(const Strangers::Sighting& seen) {
        for (const auto& gone : seen.merged) {
            ++figures_.merges;
            auto& into = identities_[seen.id];
            const auto& from = identities_[gone];
            const bool shared = std::any_of(from.begin(), from.end(), [&](const auto& a) {
                return std::any_of(into.begin(), into.end(), [&](const auto& b) { return a.first == b.first; });
            });
            if (!shared) ++figures_.wrong_merges;
            into.insert(from.begin(), from.end());
        }
    }

    void judge(const StrangerId& id, std::size_t today) {
        found_unmerged_.merge(complete_in(as_told_[id], cast_));
        const auto& sightings = identities_[id];
        if (!runs_until(sightings, today)) return;
        auto complete = complete_in(sightings, cast_);
        if (!complete.empty()) return found_.merge(complete);
        if (!alarmed_.insert(id).second) return;
        ++figures_.false_alarms;
        if (has_resident(sightings, cast_)) ++figures_.false_of_resident;
    }

    const Cast& cast_;
    Gallery& gallery_;
    Strangers& strangers_;
    StreetFigures& figures_;
    std::map<StrangerId, Sightings> identities_;  ///< With what was merged into them.
    std::map<StrangerId, Sightings> as_told_;     ///< By the id that was told at the time.
    std::set<StrangerId> alarmed_;
    std::set<std::size_t> found_, found_unmerged_;
};

}  // namespace

StreetFigures play_street(const FaceSet& set, const ModelTag& model, const Calibration& calibration, const StreetPlan& plan) {
    StreetFigures out;
    std::vector<Album> albums;
    for (const auto& person : set.persons) {
        albums.emplace_back();
        for (const auto& picture : person.pictures)
            if (picture.acquired()) albums.back().pictures.push_back({model, {picture.values.begin(), picture.values.end()}});
    }
    // The ids draw from a source of their own: other thresholds then meet the same people on the same days.
    Seeded random(plan.seed), ids(plan.seed + 1);
    for (std::size_t round = 0; round < plan.rounds; ++round) {
        const Cast cast(albums, plan, random);
        Gallery gallery(model, calibration, {.target_fpir = plan.target_fpir});
        if (!gallery.set(cast.enrolled())) continue;
        Strangers strangers(model, calibration, [&ids] { return ids.next(); },
                            {.quality = 0, .sightings = 1, .apart = Millis(0)});
        Round(cast, gallery, strangers, out).play();
        out.residents = gallery.persons();
    }
    return out;
}

}  // namespace menshen::models::faces_tool
