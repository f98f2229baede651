#include "core/gate.hpp"

namespace menshen {

namespace {

/// The frames of one walk-up show the same face again and again; so long after the last one it is still the same visit.
constexpr Millis kWalkUpHold{5000};
/// One record a minute says as much as a thousand, and a nervous sensor must not wear out the flash.
constexpr Millis kSignEvery{60'000};

}  // namespace

Gate::Gate(const GateSettings& settings, IndexOf index_of) : index_of_(std::move(index_of)), cameras_(settings.cameras) {
    for (const auto& door : settings.doors) {
        for (const auto& reader : door.readers_in) posts_[reader] = {door.id, Side::in};
        for (const auto& reader : door.readers_out) posts_[reader] = {door.id, Side::out};
        doors_.emplace(door.id, Door(door));
        views_[door.id].id = door.id;
    }
    for (const auto& input : settings.inputs) inputs_[input.device] = input;
    for (const auto& [device, kinds] : settings.feeds) {
        for (const auto kind : kinds) feeds_[device].emplace_back(to_text(kind));
    }
}

Outcome Gate::start(const Now& now) {
    Outcome out;
    for (const auto& [id, door] : doors_) {
        door.restate(out);
        views_[id] = {id, door.state(), now.wall};
    }
    return out;
}

void Gate::resume_fire_release(const DoorId& id) {
    const auto it = doors_.find(id);
    if (it != doors_.end()) it->second.resume_fire_release();
}

void Gate::note_states(const Now& now) {
    for (const auto& [id, door] : doors_) {
        auto& view = views_[id];
        if (view.state != door.state()) view = {id, door.state(), now.wall};
    }
}

Outcome Gate::on_event(const Event& event, const Now& now) {
    Outcome out;
    std::visit([&](const auto& e) { on(e, now, out); }, event);
    note_states(now);
    return out;
}

Outcome Gate::on_time(const Now& now) {
    Outcome out;
    for (auto& [id, door] : doors_) door.on_time(now, out);
    for (const auto& answer : questions_.take_due(now)) settle(answer, now, out);
    for (const auto& unnamed : questions_.take_unnamed(now)) tell_face(unnamed, now, out);
    note_states(now);
    return out;
}

std::optional<MonoTime> Gate::next_deadline() const {
    std::optional<MonoTime> next = questions_.next_deadline();
    for (const auto& [id, door] : doors_) {
        const auto at = door.next_deadline();
        if (at && (!next || *at < *next)) next = at;
    }
    return next;
}

Outcome Gate::carry_out(const Grant& grant, const Now& now) {
    Outcome out;
    const auto it = doors_.find(grant.door);
    if (it != doors_.end()) it->second.grant(grant, now, out);
    note_states(now);
    return out;
}

Outcome Gate::refuse_without_audit(const Grant& grant, const Now& now) {
    Outcome out;
    Record denied = grant.granted;
    const Record stamped = make_record(Kind::denied, now);
    denied.kind = stamped.kind;
    denied.at = stamped.at;
    denied.mono = stamped.mono;
    denied.reason = "no_audit";
    out.records.push_back(std::move(denied));
    if (grant.reader) out.commands.emplace_back(Signal{grant.reader, Signal::Meaning::denied});
    return out;
}

std::vector<DoorView> Gate::doors() const {
    std::vector<DoorView> out;
    for (const auto& [id, view] : views_) out.push_back(view);
    return out;
}

const Door* Gate::door(const DoorId& id) const {
    const auto it = doors_.find(id);
    return it == doors_.end() ? nullptr : &it->second;
}

Door* Gate::door_of(const DeviceId& reader) {
    const auto post = posts_.find(reader);
    if (post == posts_.end()) return nullptr;
    return &doors_.at(post->second.door);
}

void Gate::describe_person(Record& record) const {
    if (const Person* person = roster_.person(record.person)) {
        record.household = person->household;
        record.person_tags = record.wall_is_trusted ? person->tags_at(record.at.time) : person->tags;
    }
    if (const Household* household = roster_.household(record.household)) record.household_size = household->size;
}

Record Gate::at_reader(Kind kind, const DeviceId& device, const Now& now) const {
    Record record = make_record(kind, now);
    record.device = device;
    const auto post = posts_.find(device);
    if (post != posts_.end()) {
        record.door = post->second.door;
        record.side = post->second.side;
    }
    return record;
}

std::string Gate::reason_to_refuse(const Card* card, const DoorSettings& door, const Now& now) const {
    if (card == nullptr) return "unknown_card";
    if (card->state != CredentialState::active) return std::string(to_text(card->state)) + "_card";
    if (roster_.person(card->person) == nullptr) return "unknown_person";
    if (!card->valid_from && !card->valid_until) return {};
    if (!now.wall_is_trusted) return door.untrusted_clock == UntrustedClock::allow ? "" : "clock_untrusted";
    if (card->valid_from && now.wall.time < *card->valid_from) return "not_yet_valid";
    if (card->valid_until && now.wall.time >= *card->valid_until) return "expired";
    return {};
}

void Gate::decide(Record decision, const std::string& refusal, const Door& door, Outcome& out) const {
    const auto reader = decision.device;
    if (!refusal.empty()) {
        decision.kind = Kind::denied;
        decision.reason = refusal;
        out.records.push_back(std::move(decision));
        if (reader) out.commands.emplace_back(Signal{reader, Signal::Meaning::denied});
        return;
    }
    decision.kind = Kind::granted;
    out.records.push_back(decision);
    out.grants.push_back({door.settings().id, reader, std::move(decision), door.settings().audit});
}

void Gate::on(const CardRead& read, const Now& now, Outcome& out) {
    const auto index = index_of_(read.number);
    const Card* card = roster_.card_by_index(index);
    Record seen = at_reader(Kind::card_read, read.device, now);
    // A card nobody enrolled still needs one name, so that "the same unknown card again" can be seen.
    seen.card = card != nullptr ? card->id : CardId("x-" + index.substr(0, 12));
    if (card != nullptr) seen.person = card->person;
    describe_person(seen);
    if (!read.format.empty()) seen.more["format"] = read.format;
    out.records.push_back(seen);

    const Door* door = door_of(read.device);
    if (door == nullptr) return;
    auto refusal = reason_to_refuse(card, door->settings(), now);
    if (refusal.empty() && needs_camera(seen, now)) refusal = "no_camera";
    if (refusal.empty() && ask_for_face(seen, now, out)) return;
    Record decision = std::move(seen);
    decision.more.clear();
    decision.method = Method::card;
    decision.certainty = Certainty::strong;
    decide(std::move(decision), refusal, *door, out);
}

void Gate::on(const CardMalformed& read, const Now& now, Outcome& out) {
    Record record = at_reader(Kind::card_read, read.device, now);
    record.reason = read.reason;
    record.more["raw"] = read.raw;
    out.records.push_back(std::move(record));
    out.commands.emplace_back(Signal{read.device, Signal::Meaning::bad_read});
}

/// The frames of one walk-up are one visit, whoever else stands in the picture. Who is still there when the door has locked again
/// did not get through and is decided anew.
bool Gate::is_news(const FaceSeen& face, const Now& now) {
    std::erase_if(walk_ups_, [&](const auto& entry) { return now.mono - entry.second.seen > kWalkUpHold; });
    const auto& who = face.person ? face.person.str() : face.stranger.str();
    const auto [it, is_new] = walk_ups_.try_emplace({face.device, who}, WalkUp{now.mono, now.mono});
    auto& walk_up = it->second;
    walk_up.seen = now.mono;
    const Door* door = door_of(face.device);
    const bool missed_it = face.person && door != nullptr && door->state() == DoorState::locked &&
                           now.mono - walk_up.decided > door->settings().unlock;
    // A face that could not be told from a picture at first may be told by now.
    const bool may_open_now = walk_up.greeted && face.greets_only.empty();
    walk_up.greeted = !face.greets_only.empty();
    if (missed_it || may_open_now) walk_up.decided = now.mono;
    return is_new || missed_it || may_open_now;
}

/// A consent lasts through the day it names; while the clock is not trusted that day cannot be known.
bool Gate::consents(const PersonId& person, const Now& now) const {
    const FaceConsent* consent = roster_.face(person);
    if (consent == nullptr || consent->state != CredentialState::active) return false;
    return consent->until.empty() || !now.wall_is_trusted || to_text(now.wall).substr(0, 10) <= consent->until;
}

void Gate::on(const FaceSeen& face, const Now& now, Outcome& out) {
    for (const auto& named : questions_.take_named(face)) tell_face(named, now, out);
    // Nobody known, and no rule asks for strangers: nothing is kept of it but what would have helped.
    if (!face.person && !face.stranger) return note_advice(face, now, out);
    if (!is_news(face, now)) return;
    Record seen = at_reader(Kind::face_seen, face.device, now);
    seen.person = face.person;
    seen.stranger = face.stranger;
    seen.method = Method::face;
    seen.certainty = Certainty::weak;
    describe_person(seen);
    seen.more["score_permille"] = std::int64_t{face.score_permille};
    if (face.new_stranger) seen.more["new_stranger"] = true;
    if (!face.greets_only.empty()) seen.more["greets_only"] = face.greets_only;
    out.records.push_back(seen);

    const Door* door = door_of(face.device);
    if (door == nullptr || !face.person || door->settings().mode != DoorMode::card_or_face) return;
    const bool suspect = face.greets_only == "liveness_suspect";
    if (!face.greets_only.empty() && !suspect) return;  // a greeting: the card decides
    Record decision = std::move(seen);
    decision.more.clear();
    const auto refusal = !consents(face.person, now) ? "no_face_consent" : suspect ? "face_suspect" : "";
    decide(std::move(decision), refusal, *door, out);
}

void Gate::on(const LineChanged& change, const Now& now, Outcome& out) {
    for (auto& [id, door] : doors_) {
        const auto& s = door.settings();
        if (change.line == Line::contact && s.contact == change.device) door.on_contact(change.active, now, out);
        if (change.line == Line::exit_button && s.exit_button == change.device) door.on_exit_button(change.active, now, out);
        if (change.line == Line::fire && s.fire == change.device) door.on_fire(change.active, now, out);
    }
    if (change.line == Line::activity) on_activity_line(change, now, out);
    if (change.line == Line::tamper && change.active) {
        Record record = at_reader(Kind::activity, change.device, now);
        record.reason = "tamper";
        out.records.push_back(std::move(record));
    }
}

/// The first report of a line says how it stands; only a change after it is somebody's doing.
void Gate::on_activity_line(const LineChanged& change, const Now& now, Outcome& out) {
    const auto [it, is_first] = moving_.try_emplace(change.device, change.active);
    if (is_first || it->second == change.active) return;
    it->second = change.active;
    const auto input = inputs_.find(change.device);
    if (input == inputs_.end()) return;
    on(LifeSign{change.device, {}, input->second.person, input->second.household}, now, out);
}

void Gate::on(const LifeSign& sign, const Now& now, Outcome& out) {
    const auto [last, is_first] = signs_.try_emplace({sign.device, sign.source}, now.mono);
    if (!is_first && now.mono - last->second < kSignEvery) return;
    last->second = now.mono;
    Record record = make_record(Kind::activity, now);
    record.device = sign.device;
    record.household = sign.household;
    // Whoever lives alone is the one who moves there.
    record.person = sign.person ? sign.person : roster_.only_person_of(sign.household);
    describe_person(record);
    if (!sign.source.empty()) record.more["source"] = sign.source;
    out.records.push_back(std::move(record));
}

void Gate::on(const DeviceChanged& change, const Now& now, Outcome& out) {
    const auto known = online_.find(change.device);
    if (known != online_.end() && known->second == change.online) return;
    online_[change.device] = change.online;
    Record record = at_reader(change.online ? Kind::device_online : Kind::device_offline, change.device, now);
    record.reason = change.reason;
    if (const auto feeds = feeds_.find(change.device); feeds != feeds_.end()) record.more["feeds"] = feeds->second;
    out.records.push_back(std::move(record));
    if (!change.online) {
        moving_.erase(change.device);
        for (auto& [id, door] : doors_) {
            if (door.settings().contact == change.device) door.contact_lost();
        }
        return;
    }
    // A lock that was away does not know what it should be.
    for (const auto& [id, door] : doors_) {
        if (door.settings().lock == change.device) door.restate(out);
    }
}

void Gate::on(const OpenRequested& request, const Now& now, Outcome& out) {
    const auto it = doors_.find(request.door);
    if (it == doors_.end()) return;
    Record decision = make_record(Kind::granted, now);
    decision.door = request.door;
    decision.method = Method::remote;
    decision.more["by"] = request.by;
    decide(std::move(decision), "", it->second, out);
}

void Gate::on(const LockRequested& request, const Now& now, Outcome& out) {
    const auto it = doors_.find(request.door);
    if (it == doors_.end()) return;
    Outcome locked;
    const bool done = it->second.lock_again(now, locked);
    Record note = make_record(Kind::command, now);
    note.door = request.door;
    note.reason = done ? "" : "fire_active";
    note.more["command"] = std::string("lock");
    note.more["by"] = request.by;
    out.records.push_back(std::move(note));
    for (auto& command : locked.commands) out.commands.push_back(std::move(command));
}

void Gate::on(const ClockStepped& step, const Now& now, Outcome& out) {
    Record record = make_record(step.became_trusted ? Kind::clock_trusted : Kind::clock_step, now);
    record.more["by_ms"] = step.by_ms;
    out.records.push_back(std::move(record));
}

}  // namespace menshen
