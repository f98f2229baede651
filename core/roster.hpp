#pragma once
/// Who is known: persons, households, credentials (design: "roster").

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"

namespace menshen {

enum class CredentialState : std::uint8_t { active, suspended, lost };
[[nodiscard]] std::string_view to_text(CredentialState state);
[[nodiscard]] std::optional<CredentialState> parse_credential_state(std::string_view text);

struct Household {
    HouseholdId id;
    std::string name;        ///< "3号楼201"
    std::uint32_t size = 0;  ///< Registered persons; 0: unknown.
};

struct Person {
    PersonId id;
    std::string name;
    HouseholdId household;                       ///< May be none.
    std::vector<std::string> tags;               ///< Sorted: "lives-alone".
    std::map<std::string, WallTime> tag_ends{};  ///< Of those tags that have an end.

    /// The tags without those whose end has come.
    [[nodiscard]] std::vector<std::string> tags_at(WallTime now) const;
};

/// By name; the end when it has one.
using Tags = std::map<std::string, std::optional<WallTime>>;

/// HMAC-SHA256 of the card number, in hex: how a card is found without its number being stored in the clear.
using CardIndex = std::string;

struct Card {
    CardId id;
    PersonId person;
    CardIndex index;
    CredentialState state = CredentialState::active;
    std::optional<WallTime> valid_from;
    std::optional<WallTime> valid_until;  ///< Exclusive.
};

/// A person consented to be recognised (PIPL art. 29, GDPR art. 9); without it no template is kept.
struct FaceConsent {
    PersonId person;
    std::string purpose;       ///< "door access"
    std::string form;          ///< "paper", "app"
    std::string date;          ///< "2026-11-01"
    std::string by;            ///< "self" or "guardian"
    std::string text_version;  ///< Of the consent text.
    std::string until;         ///< "2027-11-01"
    CredentialState state = CredentialState::active;
    std::uint32_t templates = 0;
};

/// The held copy. Loop thread only; small enough to copy for other threads.
class Roster {
public:
    void put(Household household);
    void put(Person person);
    /// Replaces the card with this id.
    void put(Card card);
    void put(FaceConsent face);
    /// Sets a tag of a person, or of the gate when `person` is none; a tag that is held gets this end. An unknown person is
    /// ignored.
    void put_tag(const PersonId& person, const std::string& tag, std::optional<WallTime> until);
    void remove_tag(const PersonId& person, const std::string& tag);
    void remove_person(const PersonId& id);  ///< With cards and face.
    void remove_card(const CardId& id);
    void remove_face(const PersonId& id);

    [[nodiscard]] const Household* household(const HouseholdId& id) const;
    [[nodiscard]] const Person* person(const PersonId& id) const;
    [[nodiscard]] const Card* card(const CardId& id) const;
    [[nodiscard]] const Card* card_by_index(const CardIndex& index) const;
    [[nodiscard]] const FaceConsent* face(const PersonId& id) const;

    /// Of a person, or of the gate when `person` is none.
    [[nodiscard]] Tags tags_of(const PersonId& person) const;
    [[nodiscard]] const Tags& gate_tags() const { return gate_tags_; }
    /// The only person of a household that is not known to be larger; none when there are more, or nobody.
    [[nodiscard]] PersonId only_person_of(const HouseholdId& household) const;
    [[nodiscard]] const std::map<HouseholdId, Household>& households() const { return households_; }
    [[nodiscard]] const std::map<PersonId, Person>& persons() const { return persons_; }
    [[nodiscard]] const std::map<CardId, Card>& cards() const { return cards_; }
    [[nodiscard]] const std::map<PersonId, FaceConsent>& faces() const { return faces_; }

    std::uint64_t version = 0;  ///< Grows by one with each committed change.
    /// Face models of undisclosed origin that the operator uses all the same, with the hash of the notice that was accepted.
    std::map<std::string, std::string> accepted_models;

private:
    std::map<HouseholdId, Household> households_;
    std::map<PersonId, Person> persons_;
    std::map<CardId, Card> cards_;
    std::map<PersonId, FaceConsent> faces_;
    Tags gate_tags_;
    std::unordered_map<CardIndex, CardId> by_index_;
};

}  // namespace menshen
