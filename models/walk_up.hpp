#pragma once
/// One person's way to the door, from the first frame to the last: which face is whose from frame to frame, which frames are
/// worth embedding, and what all of them together say. Pure; one thread at a time; time is an argument. It knows no picture:
/// whoever owns the pipeline asks it after each frame what to do. For each frame of a camera:
///
///     const auto tasks = walk_ups.frame(camera, faces, now);           // the faces of Pipeline::find()
///     for (std::size_t i = 0; i < faces.size(); ++i) {
///         if (tasks[i].embed)                                          // few frames only
///             if (auto face = pipeline.embed(picture, faces[i])) walk_ups.add(tasks[i].walk_up, *face, faces[i], now);
///         if (tasks[i].judge_liveness)
///             if (auto live = pipeline.liveness(picture, faces[i]); live && *live)
///                 walk_ups.add_liveness(tasks[i].walk_up, **live);
///     }
///     for (auto& verdict : walk_ups.verdicts(now)) ...                 // what is new since the last call
///
/// verdicts() has to be called without frames too, from next_deadline() on: that is how a walk-up ends.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"
#include "models/found_face.hpp"
#include "models/gallery.hpp"
#include "models/liveness.hpp"
#include "models/parallax.hpp"
#include "models/strangers.hpp"
#include "models/template.hpp"

namespace menshen::models {

struct WalkUpSettings {
    Millis lost_after{1500};     ///< A face unseen for so long has gone: its walk-up ends, the next face is a new one.
    Millis between_embeds{250};  ///< At least; neighbouring frames share their light, their pose and their error.
    Millis look_again{5000};     ///< Somebody who stays is embedded once in so long, to notice that somebody else stands there.
    Millis tell_again{
        3000};  ///< Somebody named who still stands there is told again so often: perhaps the door has locked again.
    Millis advise_after{800};         ///< Advice that holds for so long is told, not the advice of every frame.
    std::size_t embeds = 6;           ///< At most for a walk-up, beside those of `look_again`. 2 to 32.
    std::size_t per_frame = 2;        ///< Embeds at most in one frame, for several people at once.
    std::size_t to_decide = 2;        ///< Embedded frames before somebody is named or called nobody, unless one is certain.
    std::size_t tracks = 16;          ///< Walk-ups at the same time, over all cameras; further faces wait.
    std::size_t liveness_votes = 12;  ///< Frames that the liveness network sees for a walk-up.
    /// A single frame names somebody when its cosine reaches this: for example the threshold for a tenth of the stated FPIR.
    float certain = kNeverMatches;
    /// A face that is less like the mean of its walk-up than this is somebody else who stepped into it; -1: never. For example
    /// the cosine at an FMR of 10 %: of a person's own faces next to none lie below.
    float other_person = -1;
    float clearly_better = 0.15F;  ///< Once decided, only a face whose score() is higher by this is embedded.
    std::uint64_t first_id = 1;    ///< Of the first walk-up: whoever keeps records gives a number not used before.
    Liveness liveness = Liveness::refuse;
    /// A liveness network votes: nobody opens a door before it has, for a picture must not be faster than its exposure.
    bool has_network = false;
};

/// What to do with one face of a frame.
struct FaceTask {
    std::uint64_t walk_up = 0;  ///< 0: no walk-up, there are too many.
    bool embed = false;
    bool judge_liveness = false;
};

/// What is known of a walk-up.
struct WalkUpVerdict {
    enum class Who : std::uint8_t {
        undecided,  ///< Not seen well enough, or not clear; `advice` says what helps.
        nobody,     ///< Seen well, and nobody who is enrolled.
        person,
    };
    std::uint64_t walk_up = 0;  ///< Never 0, never given twice by one object.
    DeviceId camera;
    Who who = Who::undecided;
    PersonId person;             ///< With `person` only.
    float score = -1.0F;         ///< Cosine of the walk-up's mean face to the best person, whoever that is.
    float second = -1.0F;        ///< And to the second-best.
    bool near_somebody = false;  ///< With `undecided`: a frame was accepted, the walk-up as a whole was not.
    std::string advice;          ///< With `undecided`: what its owner can do; may be empty.
    LivenessFinding liveness = LivenessFinding::unknown;
    std::string greets_only;   ///< Why the face opens no door by itself: "extrapolated", "liveness_unknown",
                               ///< "liveness_suspect", or "seen_once": one frame only, told at the end.
    Box box;                   ///< In the last frame.
    float quality = 0;         ///< score() of the best frame.
    std::size_t embedded = 0;  ///< Faces that the verdict rests on.
    Millis lasted{};           ///< From the first frame to the last.
    bool ended = false;
    /// Once, with the end: the faces of somebody who is nobody, for Strangers::see(). Two at least, else none.
    std::vector<SightedFace> faces;

    /// Whether the match may open a door by itself, as far as the face goes.
    [[nodiscard]] bool may_open() const { return who == Who::person && greets_only.empty(); }
};

/// Compares a face with the gallery as it stands: [&](const Template& face) { return gallery.compare(face); }
using CompareFace = std::function<Comparison(const Template&)>;

class WalkUps {
public:
    WalkUps(WalkUpSettings settings, CompareFace compare);
    ~WalkUps();  ///< Wipes the templates.
    WalkUps(WalkUps&&) = delete;
    WalkUps& operator=(WalkUps&&) = delete;
    WalkUps(const WalkUps&) = delete;
    WalkUps& operator=(const WalkUps&) = delete;

    /// The faces of one frame, the largest first; one task for each. Frames of one camera come in the order of their time.
    [[nodiscard]] std::vector<FaceTask> frame(const DeviceId& camera, std::span<const FoundFace> faces, const Now& now);
    /// The template of a face that was to be embedded. Of a walk-up that is over, or of another model, it is dropped.
    void add(std::uint64_t walk_up, const Template& face, const FoundFace& found, const Now& now);
    /// The liveness network's opinion of one frame, 0 to 1.
    void add_liveness(std::uint64_t walk_up, float live);

    /// Every walk-up of which something is to be told for the first time, and those that have ended. The end of one that was
    /// seen in a single frame and never embedded is not told.
    [[nodiscard]] std::vector<WalkUpVerdict> verdicts(const Now& now);
    /// When verdicts() has something to tell without a further frame.
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;
    /// Ends all of one camera, or all: a camera went, the gallery changed, the program ends. verdicts() tells.
    void end(const DeviceId& camera);
    void end_all();
    /// Until the next frame of this camera: whoever stands there is embedded as soon as `between_embeds` allows. For a question
    /// about who stands there now.
    void look_now(const DeviceId& camera);

    /// Who stands before a camera now, for comparing with one person (1:1). The mean face of each walk-up that has one.
    struct Standing {
        std::uint64_t walk_up = 0;
        Template mean;
        std::size_t embedded = 0;
        LivenessFinding liveness = LivenessFinding::unknown;
        float quality = 0;
        MonoTime newest;        ///< When the last of its faces was embedded.
        MonoTime seen;          ///< When it was last in a frame.
        bool is_judged = true;  ///< The liveness network has voted, or there is none.
    };
    [[nodiscard]] std::vector<Standing> standing(const DeviceId& camera) const;
    [[nodiscard]] std::size_t count() const { return tracks_.size(); }
    [[nodiscard]] bool is_anybody_at(const DeviceId& camera) const;           ///< A walk-up is on there.
    [[nodiscard]] std::uint64_t turned_away() const { return turned_away_; }  ///< Faces for which there was no walk-up left.

    void set_certain(float cosine) { settings_.certain = cosine; }
    [[nodiscard]] const WalkUpSettings& settings() const { return settings_; }

private:
    struct Vote {
        Template face;
        float quality = 0;
        WallTime at;
        PersonId accepted;  ///< Whom this face alone was taken for.
        float score = -1.0F;
    };
    struct Track {
        std::uint64_t id = 0;
        DeviceId camera;
        Box box;
        float speed_x = 0, speed_y = 0;  ///< Of the box's middle, pixels a second.
        MonoTime first, last, last_embed, last_liveness;
        std::uint64_t frames = 0;
        float best_quality = 0, best_embedded = 0;
        std::size_t embeds = 0;
        std::size_t liveness_asked = 0;
        std::vector<Vote> votes;
        Comparison fused;
        bool is_decided = false;
        LivenessVotes network;
        Parallax parallax;
        std::string advice;  ///< Of the last frame.
        MonoTime advice_since;
        bool is_over = false;
        bool look_now = false;
        bool was_suspect = false;  ///< Whoever stood here before was; a second picture does not wash that away.
        std::optional<WalkUpVerdict> told;
        MonoTime told_at;
    };

    static constexpr std::size_t kNone = ~std::size_t{0};
    [[nodiscard]] Track* find(std::uint64_t walk_up);
    /// For each face the index of its track, or kNone.
    [[nodiscard]] std::vector<std::size_t> associate(const DeviceId& camera, std::span<const FoundFace> faces,
                                                     MonoTime now) const;
    [[nodiscard]] std::size_t begin(const DeviceId& camera, const FoundFace& face, MonoTime now);
    [[nodiscard]] Track* step_in(Track& track, const FoundFace& found, MonoTime now);
    static void follow(Track& track, const FoundFace& face, MonoTime now);
    static void forget(Track& track);
    [[nodiscard]] bool is_worth_embedding(const Track& track, const FoundFace& face, MonoTime now) const;
    void keep(Track& track, Vote vote) const;
    [[nodiscard]] bool is_enough(const Track& track) const;
    [[nodiscard]] WalkUpVerdict::Who who(const Track& track) const;
    [[nodiscard]] WalkUpVerdict judge(const Track& track, MonoTime now) const;
    [[nodiscard]] LivenessFinding liveness_of(const Track& track) const;
    [[nodiscard]] bool network_has_voted(const Track& track) const;
    [[nodiscard]] bool is_news(const Track& track, const WalkUpVerdict& verdict, MonoTime now) const;

    WalkUpSettings settings_;
    CompareFace compare_;
    std::vector<Track> tracks_;
    std::uint64_t next_id_ = 1;
    std::uint64_t turned_away_ = 0;
};

}  // namespace menshen::models
