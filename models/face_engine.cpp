#include "models/face_engine.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "models/pipeline.hpp"

namespace menshen::models {
namespace {

std::uint64_t kernel_random() {
    std::uint64_t bits = 0;
    // 8 bytes are never cut short (getrandom(2)); without a kernel's randomness there is no anonymous id to give.
    if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) std::abort();
    return bits;
}

std::uint32_t permille(float value) { return static_cast<std::uint32_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 1000.0F)); }

class Engine : public FaceEngine {
public:
    Engine(Pipeline pipeline, Calibration calibration, RandomBits random)
        : pipeline_(std::move(pipeline)),
          gallery_(pipeline_.model(), calibration),
          strangers_(pipeline_.model(), calibration, std::move(random)) {}

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

    Result<FrameResult> look(const Frame& frame, WallTime now, StrangersWanted strangers) override {
        const auto picture = picture_of(frame);
        if (!picture) return tl::unexpected(picture.error());
        const auto faces = pipeline_.find(*picture);
        if (!faces) return tl::unexpected(faces.error());
        FrameResult out;
        out.faces = static_cast<int>(faces->size());
        if (faces->empty()) {
            out.advice = "no face";
            return out;
        }
        const FoundFace& found = faces->front();
        out.box = found.box;
        out.quality_permille = permille(score(found.quality));
        out.advice = advice(found.quality, Purpose::recognise);
        if (!out.advice.empty()) return out;
        const auto face = pipeline_.embed(*picture, found);
        if (!face) return tl::unexpected(face.error());
        identify(*face, now, strangers, out);
        return out;
    }

    Result<std::vector<PersonId>> set_gallery(std::vector<Enrolled> enrolled) override {
        return gallery_.set(std::move(enrolled));
    }
    std::vector<StrangerIdentity> strangers() const override { return strangers_.all(); }
    std::vector<StrangerId> restore_strangers(std::vector<StrangerIdentity> identities) override {
        return strangers_.restore(std::move(identities));
    }
    std::vector<StrangerId> expire_strangers(WallTime now) override { return strangers_.expire(now); }
    bool forget_stranger(const StrangerId& id) override { return strangers_.forget(id); }

    std::string describe() const override {
        return fmt::format("{}, {} persons with {} templates, a match from {:.3f}", pipeline_.describe(), gallery_.persons(),
                           gallery_.templates(), gallery_.threshold());
    }

private:
    void identify(const Template& face, WallTime now, StrangersWanted strangers, FrameResult& out) {
        const auto comparison = gallery_.compare(face);
        out.score_permille = permille(comparison.best_score);
        if (comparison.accepted) {
            out.person = comparison.best;
            return;
        }
        // Near to a person, but not near enough: most likely that person on a bad day. Counting them as a stranger would sooner
        // or later report a resident as one.
        if (comparison.best_score >= gallery_.calibration().stranger_ceiling) {
            out.advice = "face the camera";
            return;
        }
        if (strangers == StrangersWanted::no) return;
        auto sighting = strangers_.see(face, now);
        out.stranger = sighting.id;
        out.new_stranger = sighting.is_new;
        out.changed = std::move(sighting.changed);
        out.dropped = std::move(sighting.dropped);
        if (out.stranger.empty()) out.advice = "face the camera";
    }

    Pipeline pipeline_;
    Gallery gallery_;
    Strangers strangers_;
};

}  // namespace

Result<std::unique_ptr<FaceEngine>> open_face_engine(FaceSettings settings) {
    auto pipeline = Pipeline::open({settings.models_dir, settings.threads, settings.detector, settings.embedder, settings.accepted});
    if (!pipeline) return tl::unexpected(pipeline.error());
    const auto name = pipeline->model().id.substr(0, pipeline->model().id.find('@'));
    const auto calibration = calibration_of(name);
    if (!calibration) return fail("the model {} was never calibrated: it must not decide who comes in", name);
    if (!settings.random) settings.random = kernel_random;
    // Reading the models took twice their size; 40 MB go back to the system instead of staying in the allocator for good.
    ::malloc_trim(0);
    return std::make_unique<Engine>(std::move(*pipeline), *calibration, std::move(settings.random));
}

}  // namespace menshen::models
