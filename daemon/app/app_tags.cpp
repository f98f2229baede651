// The app's part of tags: those that end by themselves, those that come by MQTT; and strangers' labels.

#include "daemon/app/app.hpp"
#include "daemon/app/log.hpp"

namespace menshen::app {

namespace {

constexpr std::size_t kEndAtOnce = 200;
constexpr Millis kEndRetry{10'000};
constexpr Millis kTagEvery{60'000};

}  // namespace

Record App::tag_record(Kind kind, const HeldTag& held, const std::string& by) const {
    Record record = make_record(kind, now());
    record.person = held.person;
    record.stranger = held.stranger;
    gate_->describe_person(record);
    std::erase(record.person_tags, held.tag);
    record.tag = held.tag;
    if (kind == Kind::tag_added) {
        if (held.person) {
            auto& tags = record.person_tags;
            tags.insert(std::lower_bound(tags.begin(), tags.end(), held.tag), held.tag);
        }
        if (held.until) record.more["until"] = to_text(config_.zone.at(*held.until));
    }
    if (!by.empty()) record.more["by"] = by;
    return record;
}

void App::note_tag_ends() { next_tag_end_ = first_end(gate_->roster(), strangers_); }

std::optional<MonoTime> App::tag_deadline() const {
    const auto moment = now();
    if (!next_tag_end_ || !moment.wall_is_trusted || tags_ending_ > 0) return std::nullopt;
    const auto due = moment.mono + (*next_tag_end_ - moment.wall.time);
    return tag_retry_at_ && *tag_retry_at_ > due ? tag_retry_at_ : due;
}

/// Each in a commit of its own: one that was renewed a moment ago must not hold up the others.
void App::end_tags() {
    const auto moment = now();
    const auto deadline = tag_deadline();
    if (!begun_ || stopping_ || !deadline || *deadline > moment.mono) return;
    tag_retry_at_.reset();
    const auto ended = ended_tags(gate_->roster(), strangers_, moment, kEndAtOnce);
    tags_ending_ = ended.size();
    if (ended.empty()) note_tag_ends();  // of a stranger who is gone
    for (const auto& held : ended) {
        Record record = tag_record(Kind::tag_removed, held, {});
        record.reason = "ended";
        const auto done = [this](const Result<store::Committed>& committed) {
            if (!committed) {
                log::warning("a tag whose end has come is still held: {}", committed.error().message);
                tag_retry_at_ = now().mono + kEndRetry;
            }
            if (--tags_ending_ == 0) note_tag_ends();
            if (stage_clock_ == nullptr) arm_deadline();
        };
        if (held.stranger) {
            label_stranger({.id = held.stranger, .label = {}, .until = {}, .ended = held.until}, {std::move(record)}, done);
        } else {
            change_roster({store::RemoveTag{held.person, held.tag, held.until}}, {std::move(record)}, done);
        }
    }
}

/// Nobody is refused for it: persons are registered after the wiring as often as before it.
void App::warn_of_strange_inputs() const {
    const auto& roster = gate_->roster();
    const auto look = [&](const std::string& where, const PersonId& person, const HouseholdId& household) {
        if (person && roster.person(person) == nullptr) {
            log::warning("{}: there is no person \"{}\" yet; menshen persons add --id {}", where, person.str(), person.str());
        }
        if (household && roster.household(household) == nullptr) {
            log::warning("{}: there is no household \"{}\" yet; it comes with menshen persons add --household {}", where,
                         household.str(), household.str());
        }
    };
    for (const auto& input : config_.gate.inputs) look("inputs." + input.device.str(), input.person, input.household);
    for (const auto& input : config_.mqtt_inputs) look("mqtt_inputs " + input.topic, input.person, input.household);
}

void App::on_mqtt_input(const mqtt::Message& message) {
    if (stopping_) return;
    for (const auto* input : mqtt_inputs_.on_message({message.topic, message.payload, message.retained})) {
        if (input->kind == config::MqttInput::Kind::activity) {
            offer(Event{LifeSign{DeviceId(std::string(config::kMqttDevice)), input->topic, input->person, input->household}});
        } else {
            set_tag_of(*input);
        }
    }
}

void App::set_tag_of(const config::MqttInput& input) {
    const auto moment = now();
    if (input.person && gate_->roster().person(input.person) == nullptr) {
        return mqtt_inputs_.complain(input, fmt::format("person \"{}\" is not registered", input.person.str()));
    }
    if (!moment.wall_is_trusted) return mqtt_inputs_.complain(input, "the clock is not trusted, so the tag would have no end");
    const auto last = tags_set_.find(&input);
    if (last != tags_set_.end() && moment.mono - last->second < kTagEvery) return;
    const auto until = moment.wall.time + input.lasts;
    const auto tags = gate_->roster().tags_of(input.person);
    const auto held = tags.find(input.tag);
    // What a person set for longer, or for ever, a sensor does not shorten.
    if (held != tags.end() && (!held->second || *held->second >= until)) return;
    tags_set_[&input] = moment.mono;
    const HeldTag tag{.person = input.person, .stranger = {}, .tag = input.tag, .until = until};
    change_roster({store::PutTag{input.person, input.tag, until}}, {tag_record(Kind::tag_added, tag, "mqtt " + input.topic)},
                  [](const Result<store::Committed>& committed) {
                      if (!committed) log::warning("a tag that came by MQTT was not set: {}", committed.error().message);
                  });
}

}  // namespace menshen::app
