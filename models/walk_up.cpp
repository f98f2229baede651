#include "models/walk_up.hpp"

#include <algorithm>
#include <cmath>

#include "models/secret_pages.hpp"

namespace menshen::models {
namespace {

struct Place {
    float x = 0, y = 0, size = 0;
};
Place place_of(const Box& box) {
    return {static_cast<float>(box.x) + static_cast<float>(box.width) / 2,
            static_cast<float>(box.y) + static_cast<float>(box.height) / 2, static_cast<float>(std::max(box.width, 1))};
}

float seconds(Millis time) { return static_cast<float>(time.count()) / 1000.0F; }

/// The mean of faces, each weighted by its quality.
template <class Votes>
Template mean_of(const Votes& votes) {
    Template mean{votes.front().face.model, WipedFloats(votes.front().face.values.size())};
    for (const auto& vote : votes)
        for (std::size_t i = 0; i < mean.values.size(); ++i) mean.values[i] += (0.05F + vote.quality) * vote.face.values[i];
    normalise(mean.values);
    return mean;
}

// A face moves by less than its own width from one frame to the next, and by a little more for every second it was not seen.
// Twice as large or half as large at once is another face.
constexpr float kReach = 0.9F;
constexpr float kReachPerSecond = 0.8F;
constexpr float kLongestReach = 1.8F;
constexpr float kGrowth = 1.9F;
/// Motion is guessed for so long and no longer: people stop.
constexpr float kGuessFor = 0.4F;
/// A face worse than this share of the best one before the decision is not worth its embedding.
constexpr float kShareOfBest = 0.6F;

constexpr Millis kBetweenLiveness{100};

}  // namespace

WalkUps::WalkUps(WalkUpSettings settings, CompareFace compare) : settings_(settings), compare_(std::move(compare)) {
    settings_.embeds = std::clamp<std::size_t>(settings_.embeds, 2, 32);
    settings_.to_decide = std::clamp<std::size_t>(settings_.to_decide, 1, settings_.embeds);
    settings_.tracks = std::clamp<std::size_t>(settings_.tracks, 1, 64);
    next_id_ = std::max<std::uint64_t>(settings_.first_id, 1);
}

WalkUps::~WalkUps() {
    for (auto& track : tracks_) forget(track);
}

void WalkUps::forget(Track& track) {
    for (auto& vote : track.votes) wipe(vote.face.values);
    track.votes.clear();
}

WalkUps::Track* WalkUps::find(std::uint64_t walk_up) {
    const auto it =
        std::find_if(tracks_.begin(), tracks_.end(), [&](const Track& one) { return one.id == walk_up && !one.is_over; });
    return it == tracks_.end() ? nullptr : &*it;
}

// ---- From frame to frame

namespace {

/// How far a face is from where a track would be now, in face widths; nothing when it cannot be the same.
struct Distance {
    float widths = 0;
    std::size_t track = 0, face = 0;
};

}  // namespace

/// Nearest pairs first: two people side by side each keep their own, and nobody takes a nearer one's place.
std::vector<std::size_t> WalkUps::associate(const DeviceId& camera, std::span<const FoundFace> faces, MonoTime now) const {
    std::vector<Distance> pairs;
    for (std::size_t t = 0; t < tracks_.size(); ++t) {
        const Track& track = tracks_[t];
        if (track.camera != camera || track.is_over || now - track.last > settings_.lost_after) continue;
        const Place was = place_of(track.box);
        const float gap = seconds(now - track.last), ahead = std::min(gap, kGuessFor);
        const float x = was.x + track.speed_x * ahead, y = was.y + track.speed_y * ahead;
        const float reach = std::min(kReach + kReachPerSecond * gap, kLongestReach);
        for (std::size_t f = 0; f < faces.size(); ++f) {
            const Place is = place_of(faces[f].box);
            const float larger = std::max(was.size, is.size), smaller = std::min(was.size, is.size);
            const float guessed = std::hypot(is.x - x, is.y - y), stayed = std::hypot(is.x - was.x, is.y - was.y);
            const float widths = std::min(guessed, stayed) / larger;
            if (widths <= reach && larger <= kGrowth * smaller) pairs.push_back({widths + (larger / smaller - 1), t, f});
        }
    }
    std::stable_sort(pairs.begin(), pairs.end(), [](const Distance& a, const Distance& b) { return a.widths < b.widths; });
    std::vector<std::size_t> track_of(faces.size(), kNone);
    std::vector<bool> is_taken(tracks_.size(), false);
    for (const auto& pair : pairs) {
        if (track_of[pair.face] != kNone || is_taken[pair.track]) continue;
        track_of[pair.face] = pair.track;
        is_taken[pair.track] = true;
    }
    return track_of;
}

std::size_t WalkUps::begin(const DeviceId& camera, const FoundFace& face, MonoTime now) {
    const auto alive = std::count_if(tracks_.begin(), tracks_.end(), [](const Track& one) { return !one.is_over; });
    // Ended ones wait here for verdicts(); whoever never asks must not fill the memory either.
    if (static_cast<std::size_t>(alive) >= settings_.tracks || tracks_.size() >= 4 * settings_.tracks) {
        ++turned_away_;
        return kNone;
    }
    Track track;
    track.id = next_id_++;
    track.camera = camera;
    track.box = face.box;
    track.first = track.last = track.advice_since = now;
    tracks_.push_back(std::move(track));
    return tracks_.size() - 1;
}

void WalkUps::follow(Track& track, const FoundFace& face, MonoTime now) {
    const float passed = seconds(now - track.last);
    if (track.frames > 0 && passed > 0.001F) {
        const Place was = place_of(track.box), is = place_of(face.box);
        // Half of the new, half of the old: a box jitters by a pixel or two.
        track.speed_x = (track.speed_x + (is.x - was.x) / passed) / 2;
        track.speed_y = (track.speed_y + (is.y - was.y) / passed) / 2;
    }
    ++track.frames;
    track.box = face.box;
    track.last = now;
    const auto told = advice(face.quality, Purpose::recognise);
    if (told != track.advice) {
        track.advice = told;
        track.advice_since = now;
    }
    if (told.empty()) track.best_quality = std::max(track.best_quality, score(face.quality));
    if (told.empty()) track.parallax.add(face.points, face.quality.nearness);
}

bool WalkUps::is_worth_embedding(const Track& track, const FoundFace& face, MonoTime now) const {
    if (!advice(face.quality, Purpose::recognise).empty()) return false;
    if (track.embeds == 0) return true;
    const Millis since = now - track.last_embed;
    if (since >= settings_.look_again || (track.look_now && since >= settings_.between_embeds)) return true;
    if (since < settings_.between_embeds || track.embeds >= settings_.embeds) return false;
    const float quality = score(face.quality);
    if (track.is_decided) return quality >= track.best_embedded + settings_.clearly_better;
    return quality >= kShareOfBest * track.best_quality;
}

std::vector<FaceTask> WalkUps::frame(const DeviceId& camera, std::span<const FoundFace> faces, const Now& now) {
    auto track_of = associate(camera, faces, now.mono);
    std::vector<FaceTask> tasks(faces.size());
    std::size_t embeds = 0;
    // The largest are nearest to the door; they come first.
    for (std::size_t i = 0; i < faces.size(); ++i) {
        if (track_of[i] == kNone) track_of[i] = begin(camera, faces[i], now.mono);
        if (track_of[i] == kNone) continue;
        Track& track = tracks_[track_of[i]];
        follow(track, faces[i], now.mono);
        tasks[i].walk_up = track.id;
        if (embeds < settings_.per_frame && is_worth_embedding(track, faces[i], now.mono)) {
            tasks[i].embed = true;
            ++embeds, ++track.embeds;
            track.last_embed = now.mono;
            track.look_now = false;
        }
        const bool is_usable = track.advice.empty() && settings_.liveness != Liveness::off;
        if (is_usable && track.liveness_asked < settings_.liveness_votes &&
            (track.liveness_asked == 0 || now.mono - track.last_liveness >= kBetweenLiveness)) {
            tasks[i].judge_liveness = true;
            ++track.liveness_asked;
            track.last_liveness = now.mono;
        }
    }
    return tasks;
}

// ---- What the embedded faces say

void WalkUps::keep(Track& track, Vote vote) const {
    track.best_embedded = std::max(track.best_embedded, vote.quality);
    if (track.votes.size() < settings_.embeds) {
        track.votes.push_back(std::move(vote));
        return;
    }
    // Only looks at somebody who stays come here: the worst makes room, the newest always counts.
    const auto worst = std::min_element(track.votes.begin(), track.votes.end(),
                                        [](const Vote& a, const Vote& b) { return a.quality < b.quality; });
    wipe(worst->face.values);
    *worst = std::move(vote);
}

void WalkUps::add(std::uint64_t walk_up, const Template& face, const FoundFace& found, const Now& now) {
    Track* track = find(walk_up);
    if (track == nullptr || face.values.empty()) return;
    if (!track->votes.empty()) {
        if (track->votes.front().face.model != face.model || track->votes.front().face.values.size() != face.values.size())
            return;
        auto mean = mean_of(track->votes);
        const bool is_other = cosine(mean, face) < settings_.other_person;
        wipe(mean.values);
        if (is_other) track = step_in(*track, found, now.mono);
        if (track == nullptr) return;
    }
    const auto alone = compare_(face);
    keep(*track, {face, score(found.quality), now.wall.time, alone.accepted ? alone.best : PersonId(), alone.best_score});
    if (track->votes.size() == 1) {
        track->fused = alone;
    } else {
        auto mean = mean_of(track->votes);
        track->fused = compare_(mean);
        wipe(mean.values);
    }
    track->is_decided = who(*track) == WalkUpVerdict::Who::person;
}

/// Somebody else stands where this walk-up was: it is over, and theirs begins.
WalkUps::Track* WalkUps::step_in(Track& track, const FoundFace& found, MonoTime now) {
    track.is_over = true;
    const DeviceId camera = track.camera;
    const bool was_suspect = liveness_of(track) == LivenessFinding::suspect;
    const auto next = begin(camera, found, now);
    if (next == kNone) return nullptr;
    Track& other = tracks_[next];
    other.was_suspect = was_suspect;
    follow(other, found, now);
    other.embeds = 1;
    other.last_embed = now;
    return &other;
}

void WalkUps::add_liveness(std::uint64_t walk_up, float live) {
    if (Track* track = find(walk_up)) track->network.add(live);
}

/// The mean face decides, and the single frames may object: nobody is named against a frame that was somebody else's unless three
/// quarters of the weight are theirs.
WalkUpVerdict::Who WalkUps::who(const Track& track) const {
    using Who = WalkUpVerdict::Who;
    if (track.votes.empty()) return Who::undecided;
    if (!track.fused.accepted) {
        const bool has_friend =
            std::any_of(track.votes.begin(), track.votes.end(), [](const Vote& one) { return !one.accepted.empty(); });
        return track.votes.size() >= settings_.to_decide && !has_friend ? Who::nobody : Who::undecided;
    }
    float for_them = 0, against = 0;
    for (const auto& vote : track.votes) {
        if (vote.accepted == track.fused.best) for_them += 0.05F + vote.quality;
        if (!vote.accepted.empty() && vote.accepted != track.fused.best) against += 0.05F + vote.quality;
    }
    if (for_them < 3 * against) return Who::undecided;
    // A mean that no single frame speaks for may be near to somebody by chance: it takes one more.
    if (for_them <= 0 && track.votes.size() <= settings_.to_decide) return Who::undecided;
    // Who has gone opens no door, but may be greeted in the record.
    return is_enough(track) || track.is_over ? Who::person : Who::undecided;
}

bool WalkUps::is_enough(const Track& track) const {
    return track.votes.size() >= settings_.to_decide || track.fused.best_score >= settings_.certain;
}

LivenessFinding WalkUps::liveness_of(const Track& track) const {
    if (track.was_suspect) return LivenessFinding::suspect;
    return both(track.network.finding(), track.parallax.finding());
}

bool WalkUps::network_has_voted(const Track& track) const {
    return settings_.liveness == Liveness::off || !settings_.has_network || track.network.count() >= LivenessVotes::kLeast;
}

void WalkUps::look_now(const DeviceId& camera) {
    for (auto& track : tracks_) track.look_now = track.look_now || track.camera == camera;
}

// ---- What is told

WalkUpVerdict WalkUps::judge(const Track& track, MonoTime now) const {
    using Who = WalkUpVerdict::Who;
    WalkUpVerdict out;
    out.walk_up = track.id;
    out.camera = track.camera;
    out.who = who(track);
    if (out.who == Who::person) out.person = track.fused.best;
    out.score = track.fused.best_score;
    out.second = track.fused.second_score;
    out.near_somebody = out.who == Who::undecided && std::any_of(track.votes.begin(), track.votes.end(),
                                                                 [](const Vote& one) { return !one.accepted.empty(); });
    out.liveness = liveness_of(track);
    if (out.who == Who::person) {
        out.greets_only = reason_to_refuse(out.liveness, settings_.liveness);
        // A suspicion is what somebody should hear of first.
        if (out.greets_only != "liveness_suspect") {
            if (out.greets_only.empty() && !network_has_voted(track)) out.greets_only = "liveness_unknown";
            if (track.fused.extrapolated) out.greets_only = "extrapolated";
            if (!is_enough(track)) out.greets_only = "seen_once";
        }
    }
    const bool is_lasting = now - track.advice_since >= settings_.advise_after || track.is_over;
    if (out.who == Who::undecided && is_lasting) out.advice = track.advice;
    out.box = track.box;
    out.quality = track.best_quality;
    out.embedded = track.votes.size();
    out.lasted = track.last - track.first;
    out.ended = track.is_over;
    return out;
}

bool WalkUps::is_news(const Track& track, const WalkUpVerdict& verdict, MonoTime now) const {
    using Who = WalkUpVerdict::Who;
    if (!track.told) return verdict.who != Who::undecided || !verdict.advice.empty();
    if (track.told->who != verdict.who || track.told->person != verdict.person) return true;
    const bool is_still_there = track.last == now && now - track.told_at >= settings_.tell_again;
    if (verdict.who == Who::person) return track.told->greets_only != verdict.greets_only || is_still_there;
    // Once told, advice is only told anew when it says something else.
    return !verdict.advice.empty() && track.told->advice != verdict.advice;
}

std::vector<WalkUpVerdict> WalkUps::verdicts(const Now& now) {
    std::vector<WalkUpVerdict> out;
    for (auto& track : tracks_) {
        track.is_over = track.is_over || now.mono - track.last > settings_.lost_after;
        auto verdict = judge(track, now.mono);
        const bool was_glimpse = track.frames < 2 && track.embeds == 0;
        if (track.is_over ? was_glimpse : !is_news(track, verdict, now.mono)) continue;
        track.told = verdict;
        track.told_at = now.mono;
        if (track.is_over && verdict.who == WalkUpVerdict::Who::nobody && track.votes.size() >= 2)
            for (auto& vote : track.votes) verdict.faces.push_back({std::move(vote.face), vote.quality, vote.at});
        out.push_back(std::move(verdict));
    }
    for (auto& track : tracks_)
        if (track.is_over) forget(track);
    tracks_.erase(std::remove_if(tracks_.begin(), tracks_.end(), [](const Track& one) { return one.is_over; }), tracks_.end());
    return out;
}

std::optional<MonoTime> WalkUps::next_deadline() const {
    std::optional<MonoTime> out;
    for (const auto& track : tracks_) {
        auto due = track.is_over ? track.last : track.last + settings_.lost_after + Millis(1);
        const bool may_advise = who(track) == WalkUpVerdict::Who::undecided && !track.advice.empty() &&
                                (!track.told || track.told->advice != track.advice);
        if (may_advise) due = std::min(due, track.advice_since + settings_.advise_after);
        if (!out || due < *out) out = due;
    }
    return out;
}

void WalkUps::end(const DeviceId& camera) {
    for (auto& track : tracks_) track.is_over = track.is_over || track.camera == camera;
}

void WalkUps::end_all() {
    for (auto& track : tracks_) track.is_over = true;
}

bool WalkUps::is_anybody_at(const DeviceId& camera) const {
    return std::any_of(tracks_.begin(), tracks_.end(), [&](const Track& one) { return one.camera == camera && !one.is_over; });
}

std::vector<WalkUps::Standing> WalkUps::standing(const DeviceId& camera) const {
    std::vector<Standing> out;
    for (const auto& track : tracks_) {
        if (track.camera != camera || track.is_over || track.votes.empty()) continue;
        out.push_back({track.id, mean_of(track.votes), track.votes.size(), liveness_of(track), track.best_quality,
                       track.last_embed, track.last, network_has_voted(track)});
    }
    return out;
}

}  // namespace menshen::models
