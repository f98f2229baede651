// Card and face, and what a camera tells of somebody it could not recognise.

#include "core/gate.hpp"

namespace menshen {

namespace {

/// One advice a minute says as much as one for each passer-by.
constexpr Millis kAdviceEvery{60'000};

std::string_view to_text(FaceCompared::Face face) {
    switch (face) {
        case FaceCompared::Face::same:
            return "same";
        case FaceCompared::Face::suspect:
            return "suspect";
        case FaceCompared::Face::other:
            break;
    }
    return "other";
}

}  // namespace

void Gate::note_advice(const FaceSeen& face, const Now& now, Outcome& out) {
    if (face.walk_up == 0 || face.advice.empty()) return;
    const auto [last, is_first] = advised_.try_emplace(face.device, now.mono);
    if (!is_first && now.mono - last->second < kAdviceEvery) return;
    last->second = now.mono;
    Record seen = at_reader(Kind::face_seen, face.device, now);
    seen.reason = face.advice;
    out.records.push_back(std::move(seen));
}

/// Of the reader's door and side; one that never said that it works does not.
std::vector<DeviceId> Gate::working_cameras(const Record& read) const {
    std::vector<DeviceId> out;
    if (!face_check_.works) return out;
    for (const auto& camera : cameras_) {
        const auto post = posts_.find(camera);
        const auto online = online_.find(camera);
        if (post == posts_.end() || post->second.door != read.door || post->second.side != read.side) continue;
        if (online != online_.end() && online->second) out.push_back(camera);
    }
    return out;
}

bool Gate::needs_face(const Record& read, const Now& now) const {
    const Door* at = door(read.door);
    return at != nullptr && at->settings().mode == DoorMode::card_and_face && consents(read.person, now) &&
           !face_check_.enrol_again.contains(read.person);
}

bool Gate::needs_camera(const Record& read, const Now& now) const {
    return needs_face(read, now) && door(read.door)->settings().camera_offline == CameraOffline::deny &&
           working_cameras(read).empty();
}

bool Gate::ask_for_face(const Record& read, const Now& now, Outcome& out) {
    const bool decides = needs_face(read, now);
    if (!decides && (!compares_faces_ || !consents(read.person, now))) return false;
    auto cameras = working_cameras(read);
    if (cameras.empty()) return false;
    const auto purpose = decides ? FaceQuestions::Purpose::decision : FaceQuestions::Purpose::evidence;
    out.questions.push_back({questions_.ask(read, purpose, now), read.person, std::move(cameras)});
    return decides;
}

void Gate::on(const FaceCompared& compared, const Now& now, Outcome& out) {
    if (const auto answer = questions_.take_same(compared, now)) settle(*answer, now, out);
}

void Gate::settle(const FaceQuestions::Answer& answer, const Now& now, Outcome& out) {
    using Face = FaceCompared::Face;
    if (answer.face && answer.face->face == Face::other && compares_faces_ && !answer.face->person) {
        questions_.wait_for_name(answer, now);
    } else if (answer.face) {
        tell_face({answer.read, *answer.face, {}}, now, out);
    }
    if (answer.purpose != FaceQuestions::Purpose::decision) return;
    const Door* at = door(answer.read.door);
    if (at == nullptr) return;
    Record decision = make_record(Kind::granted, now);
    decision.device = answer.read.device;
    decision.door = answer.read.door;
    decision.side = answer.read.side;
    decision.card = answer.read.card;
    decision.person = answer.read.person;
    decision.method = Method::card_face;
    decision.certainty = Certainty::strong;
    describe_person(decision);
    // The card may have been suspended meanwhile.
    auto refusal = reason_to_refuse(roster_.card(answer.read.card), at->settings(), now);
    if (refusal.empty() && !answer.face) refusal = "no_face";
    if (refusal.empty() && answer.face->face == Face::other) refusal = "other_face";
    if (refusal.empty() && answer.face->face == Face::suspect) refusal = "face_suspect";
    decide(std::move(decision), refusal, *at, out);
}

/// The household is the card's: "how many faces used the cards of this flat".
void Gate::tell_face(const FaceQuestions::Named& named, const Now& now, Outcome& out) const {
    Record record = make_record(Kind::card_face, now);
    record.device = named.face.device;
    record.door = named.read.door;
    record.side = named.read.side;
    record.card = named.read.card;
    record.household = named.read.household;
    record.household_size = named.read.household_size;
    record.more["face"] = std::string(to_text(named.face.face));
    record.more["owner"] = named.read.person.str();
    record.more["score_permille"] = std::int64_t{named.face.score_permille};
    if (named.face.face != FaceCompared::Face::other) {
        record.person = named.read.person;
    } else if (compares_faces_) {
        record.person = named.face.person;
        record.stranger = named.stranger;
    }
    if (const Person* person = roster_.person(record.person)) {
        record.person_tags = now.wall_is_trusted ? person->tags_at(now.wall.time) : person->tags;
    }
    out.records.push_back(std::move(record));
}

}  // namespace menshen
