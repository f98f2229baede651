#include "core/roster.hpp"

#include <algorithm>
#include <array>

namespace menshen {

namespace {

constexpr std::array<std::string_view, 3> kStates{"active", "suspended", "lost"};

template <class Map, class Key>
auto* find_in(const Map& map, const Key& key) {
    const auto it = map.find(key);
    return it == map.end() ? nullptr : &it->second;
}

}  // namespace

std::string_view to_text(CredentialState state) { return kStates[static_cast<std::size_t>(state)]; }

std::optional<CredentialState> parse_credential_state(std::string_view text) {
    const auto it = std::find(kStates.begin(), kStates.end(), text);
    if (it == kStates.end()) return std::nullopt;
    return static_cast<CredentialState>(it - kStates.begin());
}

std::vector<std::string> Person::tags_at(WallTime now) const {
    std::vector<std::string> out;
    for (const auto& tag : tags) {
        const auto end = tag_ends.find(tag);
        if (end == tag_ends.end() || now < end->second) out.push_back(tag);
    }
    return out;
}

void Roster::put(Household household) {
    auto id = household.id;
    households_.insert_or_assign(std::move(id), std::move(household));
}

void Roster::put(Person person) {
    std::sort(person.tags.begin(), person.tags.end());
    std::erase_if(person.tag_ends,
                  [&](const auto& entry) { return !std::binary_search(person.tags.begin(), person.tags.end(), entry.first); });
    auto id = person.id;
    persons_.insert_or_assign(std::move(id), std::move(person));
}

void Roster::put(Card card) {
    if (const Card* old = this->card(card.id)) by_index_.erase(old->index);
    by_index_.insert_or_assign(card.index, card.id);
    auto id = card.id;
    cards_.insert_or_assign(std::move(id), std::move(card));
}

void Roster::put(FaceConsent face) {
    auto id = face.person;
    faces_.insert_or_assign(std::move(id), std::move(face));
}

void Roster::put_tag(const PersonId& id, const std::string& tag, std::optional<WallTime> until) {
    if (id.empty()) {
        gate_tags_.insert_or_assign(tag, until);
        return;
    }
    const auto it = persons_.find(id);
    if (it == persons_.end()) return;
    auto& person = it->second;
    const auto place = std::lower_bound(person.tags.begin(), person.tags.end(), tag);
    if (place == person.tags.end() || *place != tag) person.tags.insert(place, tag);
    person.tag_ends.erase(tag);
    if (until) person.tag_ends.emplace(tag, *until);
}

void Roster::remove_tag(const PersonId& id, const std::string& tag) {
    if (id.empty()) {
        gate_tags_.erase(tag);
        return;
    }
    const auto it = persons_.find(id);
    if (it == persons_.end()) return;
    std::erase(it->second.tags, tag);
    it->second.tag_ends.erase(tag);
}

Tags Roster::tags_of(const PersonId& id) const {
    if (id.empty()) return gate_tags_;
    Tags out;
    const Person* held = person(id);
    if (held == nullptr) return out;
    for (const auto& tag : held->tags) {
        const auto end = held->tag_ends.find(tag);
        out[tag] = end == held->tag_ends.end() ? std::nullopt : std::optional(end->second);
    }
    return out;
}

PersonId Roster::only_person_of(const HouseholdId& id) const {
    const Household* held = household(id);
    if (held == nullptr || held->size > 1) return {};
    PersonId found;
    for (const auto& [person_id, person] : persons_) {
        if (person.household != id) continue;
        if (found) return {};
        found = person_id;
    }
    return found;
}

void Roster::remove_card(const CardId& id) {
    const Card* old = card(id);
    if (old == nullptr) return;
    by_index_.erase(old->index);
    cards_.erase(id);
}

void Roster::remove_face(const PersonId& id) { faces_.erase(id); }

void Roster::remove_person(const PersonId& id) {
    for (auto it = cards_.begin(); it != cards_.end();) {
        if (it->second.person == id) {
            by_index_.erase(it->second.index);
            it = cards_.erase(it);
        } else {
            ++it;
        }
    }
    faces_.erase(id);
    persons_.erase(id);
}

const Household* Roster::household(const HouseholdId& id) const { return find_in(households_, id); }
const Person* Roster::person(const PersonId& id) const { return find_in(persons_, id); }
const Card* Roster::card(const CardId& id) const { return find_in(cards_, id); }
const FaceConsent* Roster::face(const PersonId& id) const { return find_in(faces_, id); }

const Card* Roster::card_by_index(const CardIndex& index) const {
    const auto it = by_index_.find(index);
    return it == by_index_.end() ? nullptr : card(it->second);
}

}  // namespace menshen
