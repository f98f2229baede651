#include "models/face_engine.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "models/guided_enrolment.hpp"
#include "models/motion_gate.hpp"
#include "models/pipeline.hpp"
#include "models/snapshot.hpp"
#include "models/walk_up.hpp"

namespace menshen::models {
namespace {

std::uint64_t kernel_random() {
    std::uint64_t bits = 0;
    // 8 bytes are never cut short (getrandom(2)); without a kernel's randomness there is no anonymous id to give.
    if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) std::abort();
    return bits;
}

std::uint32_t permille(float value) { return static_cast<std::uint32_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 1000.0F)); }

/// A question that is open, and what was last answered.
struct OpenQuestion {
    FaceQuestion question;
    MonoTime asked;
    std::optional<FaceCompared> told;
};

class Engine : public FaceEngine {
public:
    Engine(Pipeline pipeline, const Calibration& calibration, FaceSettings settings)
        : pipeline_(std::move(pipeline)),
          settings_(std::move(settings)),
          gallery_(pipeline_.model(), calibration, settings_.target),
          strangers_(pipeline_.model(), calibration, settings_.random),
          walk_ups_(walk_up_settings(), [this](const Template& face) { return gallery_.compare(face); }) {}

    ModelTag model() const override { return pipeline_.model(); }

    Result<Template> enroll(std::span<const std::uint8_t> photo) override {
        const auto picture = decode(photo);
        if (!picture) return tl::unexpected(picture.error());
        const auto faces = pipeline_.find(*picture);
        if (!faces) return tl::unexpected(faces.error());
        if (faces->empty())
            return fail(
                "no face found in the photograph ({} x {} pixels): it must show one face from the front, at least {} pixels wide",
                picture->width, picture->height, limits_of(Purpose::enrol).width);
        if (faces->size() > 1)
            return fail("{} faces in the photograph: it must show one person alone; cut it or take another", faces->size());
        const FoundFace& found = faces->front();
        if (const auto why = advice(found.quality, Purpose::enrol); !why.empty())
            return fail("the face is not good enough to be kept, {:.0f} pixels wide: {}", found.quality.width, why);
        return pipeline_.embed(*picture, found);
    }

    std::string speaks_against(const Enrolment& enrolment) const override { return what_speaks_against(enrolment, gallery_); }

    void begin_capture(const DeviceId& camera) override {
        capture_camera_ = camera;
        capture_.emplace(gallery_.calibration());
    }
    void end_capture() override { capture_.reset(); }

    Result<Snapshot> snapshot(const Frame& frame) override {
        auto picture = picture_of(frame);
        if (!picture) return tl::unexpected(picture.error());
        const auto faces = pipeline_.find(*picture);
        if (!faces) return tl::unexpected(faces.error());
        FrameResult largest;
        describe_largest(*faces, largest);
        auto jpeg = framed_jpeg(std::move(*picture), *faces, largest.advice.empty());
        if (!jpeg) return tl::unexpected(jpeg.error());
        return Snapshot{std::move(*jpeg), largest.faces, largest.quality_permille, largest.advice};
    }

    Result<FrameResult> look(const Frame& frame, const Now& now, StrangersWanted strangers) override {
        forget_old_questions(now);
        if (may_pass(frame, now)) {
            FrameResult out;
            out.was_still = true;
            tell(now, strangers, out);
            return out;
        }
        const auto picture = picture_of(frame);
        if (!picture) return tl::unexpected(picture.error());
        const auto faces = pipeline_.find(*picture);
        if (!faces) return tl::unexpected(faces.error());
        FrameResult out;
        describe_largest(*faces, out);
        if (is_asked_about(frame.camera)) walk_ups_.look_now(frame.camera);
        const auto tasks = walk_ups_.frame(frame.camera, *faces, now);
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            if (auto done = run(tasks[i], *picture, (*faces)[i], now); !done) return tl::unexpected(done.error());
        }
        if (auto done = capture(frame.camera, *picture, *faces, out); !done) return tl::unexpected(done.error());
        tell(now, strangers, out);
        return out;
    }

    void ask(const FaceQuestion& question, const Now& now) override {
        if (questions_.size() >= FaceQuestions::kMost) questions_.erase(questions_.begin());
        questions_.push_back({question, now.mono, std::nullopt});
    }

    FrameResult end_walk_ups(const Now& now, StrangersWanted strangers) override {
        FrameResult out;
        tell(now, strangers, out);
        return out;
    }

    Result<GalleryChange> set_gallery(std::vector<Enrolled> enrolled) override {
        auto outdated = gallery_.set(std::move(enrolled));
        if (!outdated) return tl::unexpected(outdated.error());
        walk_ups_.end_all();
        motion_.clear();
        walk_ups_.set_certain(certain());
        return GalleryChange{std::move(*outdated), strangers_.drop_residents(nearest())};
    }

    FaceReport report() const override {
        return face_report(gallery_.calibration(),
                           {gallery_.persons(), settings_.target.target_fpir, settings_.target.target_fmr});
    }

    std::vector<StrangerIdentity> strangers() const override { return strangers_.all(); }
    std::vector<StrangerId> restore_strangers(std::vector<StrangerIdentity> identities) override {
        return strangers_.restore(std::move(identities));
    }
    std::vector<StrangerId> expire_strangers(const Now& now) override {
        auto gone = strangers_.expire(now.wall.time);
        if (!now.wall_is_trusted) return gone;
        for (auto& id : strangers_.expire_from_the_future(now.wall.time)) gone.push_back(std::move(id));
        return gone;
    }
    bool forget_stranger(const StrangerId& id) override { return strangers_.forget(id); }
    std::vector<StrangerId> wipe_strangers() override { return strangers_.wipe(); }

    std::string describe() const override {
        return fmt::format("{}, {} persons with {} templates, a match from {:.3f}", pipeline_.describe(), gallery_.persons(),
                           gallery_.templates(), gallery_.threshold());
    }

private:
    [[nodiscard]] WalkUpSettings walk_up_settings() const {
        WalkUpSettings out;
        out.certain = certain();
        if (const auto* entry = gallery_.calibration().entry_for(kSomebodyElse)) out.other_person = entry->cosine;
        // Numbers of walk-ups are in records: those of another run must be others.
        out.first_id = (settings_.random() >> 20) + 1;
        out.liveness = settings_.liveness;
        out.has_network = pipeline_.has_liveness();
        return out;
    }

    /// One picture is enough when it is as sure as the stated rate asks of ten.
    [[nodiscard]] float certain() const {
        return gallery_.calibration().identify(gallery_.persons(), settings_.target.target_fpir / 10).cosine;
    }

    [[nodiscard]] NearestPerson nearest() const {
        return [this](const Template& face) { return gallery_.compare(face).best_score; };
    }

    static void describe_largest(const std::vector<FoundFace>& faces, FrameResult& out) {
        out.faces = static_cast<int>(faces.size());
        out.advice = faces.empty() ? "no face" : std::string(advice(faces.front().quality, Purpose::recognise));
        if (faces.empty()) return;
        out.box = faces.front().box;
        out.quality_permille = permille(score(faces.front().quality));
    }

    Result<void> run(const FaceTask& task, const Image& picture, const FoundFace& found, const Now& now) {
        if (task.embed) {
            const auto face = pipeline_.embed(picture, found);
            if (!face) return tl::unexpected(face.error());
            walk_ups_.add(task.walk_up, *face, found, now);
        }
        if (task.judge_liveness && settings_.liveness != Liveness::off) {
            // A network that fails has no vote; it must not keep anybody from being recognised.
            const auto live = pipeline_.liveness(picture, found);
            if (live && *live) walk_ups_.add_liveness(task.walk_up, **live);
        }
        return {};
    }

    Result<void> capture(const DeviceId& camera, const Image& picture, const std::vector<FoundFace>& faces, FrameResult& out) {
        if (!capture_ || camera != capture_camera_) return {};
        if (capture_->wants(faces)) {
            auto face = pipeline_.embed(picture, faces.front());
            if (!face) return tl::unexpected(face.error());
            capture_->add(std::move(*face));
        }
        out.capture = FrameResult::Capture{capture_->advice(), capture_->taken(), GuidedEnrolment::kWanted, {}};
        if (!capture_->is_done()) return {};
        out.capture->faces = capture_->faces();
        capture_.reset();
        return {};
    }

    /// Everything that is news by now.
    void tell(const Now& now, StrangersWanted strangers, FrameResult& out) {
        answer(out);
        for (const auto& verdict : walk_ups_.verdicts(now)) tell(verdict, now, strangers, out);
        out.walk_up_open = walk_ups_.next_deadline().has_value();
    }

    void tell(const WalkUpVerdict& verdict, const Now& now, StrangersWanted strangers, FrameResult& out) {
        using Who = WalkUpVerdict::Who;
        FaceSeen seen{.device = verdict.camera,
                      .walk_up = verdict.walk_up,
                      .person = verdict.person,
                      .score_permille = permille(verdict.score),
                      .greets_only = verdict.greets_only};
        if (verdict.who == Who::person) forget_as_stranger(verdict, out);
        // Who has gone opens no door any more; the record of it was made when they were named.
        if (verdict.who == Who::person && verdict.ended && verdict.greets_only != "seen_once") return;
        // Until a walk-up ends it may still turn out to be somebody.
        if (verdict.who != Who::person && !verdict.ended) return;
        if (verdict.who == Who::undecided) seen.advice = verdict.advice;
        if (verdict.who == Who::nobody && strangers == StrangersWanted::yes && !verdict.faces.empty()) {
            auto sighting = strangers_.see(verdict.faces, now.wall.time, nearest());
            seen.stranger = sighting.id;
            seen.new_stranger = sighting.is_new;
            if (sighting.changed) out.changed.push_back(std::move(*sighting.changed));
            out.dropped.insert(out.dropped.end(), sighting.dropped.begin(), sighting.dropped.end());
            for (const auto& id : sighting.merged) out.merged.push_back({id, sighting.id});
        }
        out.seen.push_back(std::move(seen));
    }

    /// Whoever is recognised now may have been a stranger on bad days.
    void forget_as_stranger(const WalkUpVerdict& verdict, FrameResult& out) {
        for (const auto& standing : walk_ups_.standing(verdict.camera)) {
            if (standing.walk_up != verdict.walk_up) continue;
            for (auto& id : strangers_.recognised(standing.mean)) out.dropped.push_back(std::move(id));
        }
    }

    /// Nothing moves there and nobody waits. What cannot be seen small is looked at as a whole, which tells what is wrong with
    /// it.
    [[nodiscard]] bool may_pass(const Frame& frame, const Now& now) {
        if (settings_.look_at == LookAt::every_frame) return false;
        const bool is_awaited = (capture_ && frame.camera == capture_camera_) || is_asked_about(frame.camera) ||
                                walk_ups_.is_anybody_at(frame.camera);
        const auto grey = is_awaited ? std::nullopt : small_grey_of(frame);
        auto& gate = motion_[frame.camera];
        if (grey) return gate.see(*grey, now.mono) == MotionGate::Answer::pass;
        gate.look_anyway(now.mono);
        return false;
    }

    void forget_old_questions(const Now& now) {
        std::erase_if(questions_, [&](const OpenQuestion& open) { return open.asked + FaceQuestions::kAnswerWithin < now.mono; });
    }

    /// Who stood there a moment ago says nothing about who holds the card: whoever stands there now is looked at again.
    [[nodiscard]] bool is_asked_about(const DeviceId& camera) const {
        return std::any_of(questions_.begin(), questions_.end(), [&](const OpenQuestion& open) {
            const auto& cameras = open.question.cameras;
            return std::find(cameras.begin(), cameras.end(), camera) != cameras.end();
        });
    }

    void answer(FrameResult& out) {
        for (auto& open : questions_) {
            auto best = compare(open);
            if (!best) continue;
            const bool is_news = !open.told || open.told->face != best->face || open.told->walk_up != best->walk_up ||
                                 open.told->person != best->person;
            if (!is_news) continue;
            open.told = *best;
            out.compared.push_back(std::move(*best));
        }
    }

    /// Whoever before the cameras is most like the person who was asked for.
    [[nodiscard]] std::optional<FaceCompared> compare(const OpenQuestion& open) const {
        const auto& question = open.question;
        std::optional<FaceCompared> best;
        for (const auto& camera : question.cameras) {
            for (const auto& standing : walk_ups_.standing(camera)) {
                if (standing.newest < open.asked) continue;
                const auto match = gallery_.verify(question.owner, standing.mean);
                FaceCompared one{.question = question.id,
                                 .device = camera,
                                 .walk_up = standing.walk_up,
                                 .face = FaceCompared::Face::other,
                                 .score_permille = permille(match.score)};
                if (match.accepted) {
                    if (!standing.is_judged) continue;
                    const auto why_not = reason_to_refuse(standing.liveness, settings_.liveness);
                    one.face = why_not.empty() ? FaceCompared::Face::same : FaceCompared::Face::suspect;
                } else if (const auto known = gallery_.compare(standing.mean); known.accepted) {
                    one.person = known.best;
                }
                if (!best || one.score_permille > best->score_permille) best = std::move(one);
            }
        }
        return best;
    }

    /// Of strangers, 1:1: from a tenth on a face in the middle of a walk-up is taken for the same one.
    static constexpr double kSomebodyElse = 0.1;

    Pipeline pipeline_;
    FaceSettings settings_;
    Gallery gallery_;
    Strangers strangers_;
    WalkUps walk_ups_;
    std::vector<OpenQuestion> questions_;
    std::map<DeviceId, MotionGate> motion_;  ///< Of each camera that gave a frame.
    DeviceId capture_camera_;
    std::optional<GuidedEnrolment> capture_;
};

}  // namespace

Result<std::unique_ptr<FaceEngine>> open_face_engine(FaceSettings settings) {
    auto pipeline =
        Pipeline::open({settings.models_dir, settings.threads, settings.detector, settings.embedder, settings.accepted});
    if (!pipeline) return tl::unexpected(pipeline.error());
    const auto calibration = calibration_for(settings.calibration, pipeline->model().id);
    if (!calibration) return tl::unexpected(calibration.error());
    if (!settings.random) settings.random = kernel_random;
    // Reading the models took twice their size; 40 MB go back to the system instead of staying in the allocator for good.
    ::malloc_trim(0);
    return std::make_unique<Engine>(std::move(*pipeline), *calibration, std::move(settings));
}

}  // namespace menshen::models
