// The app's part of faces: the vision worker, what it saw, strangers, who must be enrolled again.

#include <algorithm>

#include "core/digest.hpp"
#include "daemon/app/app.hpp"
#include "daemon/app/log.hpp"

namespace menshen::app {

namespace {

/// So long after the last frame that showed somebody the walk-up is over.
constexpr Millis kWalkUpGap{2500};

models::Liveness to_models(config::Liveness liveness) {
    switch (liveness) {
        case config::Liveness::off:
            return models::Liveness::off;
        case config::Liveness::refuse:
            return models::Liveness::refuse;
        case config::Liveness::require:
            break;
    }
    return models::Liveness::require;
}

}  // namespace

models::FaceSettings App::face_settings() const {
    models::FaceSettings settings;
    settings.models_dir = config_.faces->models;
    settings.threads = config_.faces->threads;
    settings.embedder = config_.faces->embedder;
    settings.accepted = accepted_models();
    settings.target = {.target_fpir = config_.faces->target_fpir, .target_fmr = config_.faces->target_fmr};
    settings.liveness = to_models(config_.faces->liveness);
    settings.calibration = config_.faces->calibration;
    return settings;
}

void App::open_vision() {
    if (!config_.faces) return;
    VisionWorker::Handlers handlers;
    handlers.on_faces = [this](const DeviceId& camera, const auto& result) { on_faces(camera, result); };
    handlers.on_state = [this](VisionWorker::State state, const std::string& why) {
        health_.vision = state;
        health_.vision_error = state == VisionWorker::State::failed ? why : "";
        tell_gate_of_faces();
        if (state == VisionWorker::State::failed) log::error("faces are not recognised: {}", why);
        if (state == VisionWorker::State::ready) log::info("faces: {}", why);
    };
    handlers.on_strangers_gone = [this](const std::vector<StrangerId>& ids) { forget_strangers(ids); };
    handlers.on_gallery = [this](const VisionWorker::GalleryState& gallery) { on_gallery(gallery); };
    vision_ = std::make_unique<VisionWorker>(
        VisionWorker::Start{face_settings(), to_gallery(faces_), to_identities(opened_.strangers), now()}, post_to(loop_),
        std::move(handlers));
    opened_.strangers.clear();
    tell_gate_of_faces();
    update_strangers_wanted();
}

void App::on_gallery(const VisionWorker::GalleryState& gallery) {
    using models::FaceAlone;
    if (!gallery.outdated.empty()) {
        log::warning("{} persons must be enrolled again: the face model has changed; menshen status lists them",
                     gallery.outdated.size());
    }
    if (!gallery.problem.empty()) log::error("nobody is recognised by face: {}", gallery.problem);
    health_.vision_error = gallery.problem;
    const auto alone = gallery.report.alone;
    const bool greets = alone == FaceAlone::extrapolated || alone == FaceAlone::beyond_table;
    const bool was = health_.face_report && health_.face_report->alone == alone;
    const auto by_face = [](const DoorSettings& door) { return door.mode == DoorMode::card_or_face; };
    if (greets && !was && std::any_of(config_.gate.doors.begin(), config_.gate.doors.end(), by_face)) {
        log::warning("a face alone opens no door for {} persons at faces.target_fpir {:g}: see menshen face report",
                     gallery.report.asked.persons, gallery.report.asked.target_fpir);
    }
    health_.enrol_again = gallery.outdated;
    tell_gate_of_faces();
    health_.face_report = gallery.report;
}

/// A gate whose models do not load, or that has others now, must not lock its residents out.
void App::tell_gate_of_faces() {
    const auto& again = health_.enrol_again;
    gate_->set_face_check(
        {health_.vision == VisionWorker::State::ready && health_.vision_error.empty(), {again.begin(), again.end()}});
}

bool App::is_accepted(const models::ModelFile& model) const {
    const auto& accepted = gate_->roster().accepted_models;
    const auto it = accepted.find(model.name);
    return it != accepted.end() && it->second == to_hex(sha256(model.notice));
}

std::vector<std::string> App::accepted_models() const {
    std::vector<std::string> out;
    for (const auto& model : models::manifest().models) {
        if (!model.notice.empty() && is_accepted(model)) out.push_back(model.name);
    }
    return out;
}

void App::use_accepted_models() {
    if (vision_) vision_->reopen(face_settings(), to_gallery(faces_));
}

bool App::offer(Frame frame) {
    if (!vision_ || stopping_) return false;
    last_frames_[frame.camera] = {frame, now().mono};
    vision_->offer(std::move(frame), now());
    return true;
}

/// A frame is kept for whoever aims the camera now, not to show who passed by an hour ago.
void App::forget_old_frames() {
    constexpr Millis kFrameLife{30'000};
    const auto moment = now().mono;
    std::erase_if(last_frames_, [&](const auto& held) { return moment - held.second.at > kFrameLife; });
}

void App::begin_capture(const DeviceId& camera, std::function<bool(const Capture&)> report) {
    report_capture_ = std::move(report);
    vision_->begin_capture(camera);
}

void App::end_capture() {
    report_capture_ = nullptr;
    if (vision_) vision_->end_capture();
}

void App::on_faces(const DeviceId& camera, const Result<models::FrameResult>& result) {
    if (!result) {
        log::warning("camera {}: {}", camera.str(), result.error().message);
        return;
    }
    ++(result->was_still ? health_.frames_still : health_.frames_looked_at);
    if (result->walk_up_open) walk_up_ends_ = now().mono + kWalkUpGap;
    if (stage_clock_ == nullptr) arm_deadline();
    tell_merged(*result);
    std::vector<store::StrangerChange> changes;
    for (const auto& identity : result->changed) {
        auto row = to_row(identity);
        auto& note = strangers_[row.id];
        row.label = note.label;
        row.label_until = note.until;
        note = to_note(row);
        changes.emplace_back(store::PutStranger{std::move(row)});
    }
    for (const auto& id : result->dropped) {
        changes.emplace_back(store::RemoveStranger{id});
        strangers_.erase(id);
    }
    if (!result->dropped.empty()) note_tag_ends();
    for (const auto& seen : result->seen) flow_->on_face(seen, std::exchange(changes, {}));
    if (!changes.empty()) {
        store::Batch batch;
        batch.strangers = std::move(changes);
        flow_->commit(std::move(batch));
    }
    if (result->capture && report_capture_) {
        // The report may end the capture, and with it itself.
        const auto report = report_capture_;
        if (!report(*result->capture)) end_capture();
    }
    for (const auto& compared : result->compared) offer(Event{compared});
}

/// What is on record of the one is the other's: rules that count days need to know. A label goes over, too.
void App::tell_merged(const models::FrameResult& result) {
    store::Batch batch;
    for (const auto& merged : result.merged) {
        if (const auto old = strangers_.find(merged.stranger); old != strangers_.end() && !old->second.label.empty()) {
            auto& left = strangers_[merged.into];
            if (left.label.empty()) {
                left.label = old->second.label;
                left.until = old->second.until;
            }
        }
        Record record = make_record(Kind::roster_changed, now());
        record.stranger = merged.stranger;
        record.more["change"] = std::string("stranger_merged");
        record.more["into"] = merged.into.str();
        batch.records.push_back(std::move(record));
    }
    if (!batch.records.empty()) flow_->commit(std::move(batch));
}

void App::end_walk_ups() {
    if (!vision_ || !walk_up_ends_ || *walk_up_ends_ > now().mono) return;
    walk_up_ends_.reset();
    vision_->end_walk_ups(now());
}

void App::forget_strangers(const std::vector<StrangerId>& ids) {
    store::Batch batch;
    for (const auto& id : ids) {
        batch.strangers.emplace_back(store::RemoveStranger{id});
        strangers_.erase(id);
    }
    note_tag_ends();
    flow_->commit(std::move(batch));
}

void App::update_strangers_wanted() {
    if (!vision_) return;
    bool wanted = false;
    for (const auto& rule : flow_->engine().rules().rules) wanted = wanted || (rule.uses_strangers && rule.active());
    vision_->set_strangers_wanted(wanted ? models::StrangersWanted::yes : models::StrangersWanted::no);
    bool compares = false;
    for (const auto& rule : flow_->engine().rules().rules) {
        const bool watches = std::find(rule.watch.begin(), rule.watch.end(), Kind::card_face) != rule.watch.end();
        compares = compares || (watches && rule.active());
    }
    gate_->compare_faces_with_cards(compares);
}

/// From the models' memory, from the disk, and from what the app knows of them.
void App::wipe_strangers(const std::string& by, std::function<void(Result<std::size_t>)> done) {
    store::Batch batch;
    for (const auto& [id, note] : strangers_) batch.strangers.emplace_back(store::RemoveStranger{id});
    const auto count = strangers_.size();
    if (vision_) vision_->wipe_strangers();
    strangers_.clear();
    note_tag_ends();
    Record record = make_record(Kind::command, now());
    record.more["command"] = std::string("wipe_strangers");
    record.more["count"] = static_cast<std::int64_t>(count);
    record.more["by"] = by;
    batch.records.push_back(std::move(record));
    const bool taken = flow_->commit(std::move(batch), [done, count](const store::Committed&) { done(count); });
    if (!taken) done(fail("the disk takes no records now; see menshen status"));
}

void App::label_stranger(store::LabelStranger label, std::vector<Record> records,
                         std::function<void(Result<store::Committed>)> done) {
    const auto note = strangers_.find(label.id);
    if (note == strangers_.end()) return done(fail("stranger {} is not known any more", label.id.str()));
    // Known at once: a sighting that comes before the commit is answered writes the identity anew, label included.
    const auto before = note->second;
    note->second.label = label.label;
    note->second.until = label.until;
    const auto back = [this, id = label.id, before] {
        if (const auto it = strangers_.find(id); it != strangers_.end()) {
            it->second.label = before.label;
            it->second.until = before.until;
        }
        note_tag_ends();
    };
    note_tag_ends();
    store::Batch batch;
    batch.strangers.emplace_back(std::move(label));
    batch.records = std::move(records);
    const bool taken = flow_->commit(std::move(batch), [back, done](const store::Committed& committed) {
        if (committed.refused.empty()) return done(committed);
        back();
        done(fail("{}", committed.refused));
    });
    if (taken) return;
    back();
    done(fail("the disk takes no records now; see menshen status"));
}

void App::apply_faces(const store::RosterChange& change) {
    const auto changed = std::visit(Match{
                                        [&](const store::PutFace& face) {
                                            faces_[face.consent.person] = face.templates;
                                            return true;
                                        },
                                        [&](const store::RemoveFace& face) { return faces_.erase(face.person) > 0; },
                                        [&](const store::RemovePerson& person) { return faces_.erase(person.id) > 0; },
                                        [](const auto&) { return false; },
                                    },
                                    change);
    if (changed && vision_) vision_->set_gallery(to_gallery(faces_));
}

}  // namespace menshen::app
