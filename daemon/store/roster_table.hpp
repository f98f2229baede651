#pragma once
/// Persons, households, cards, faces and strangers in the database, sealed. Store's thread only; throws SqlError, and
/// RefusedChange.

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/store/keys.hpp"
#include "daemon/store/rows.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace menshen::store {

/// A change that does not fit what is held; the text is for the person who asked for it.
class RefusedChange : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Everything known, as the changes that would make it: households first, then persons, cards with their numbers, faces.
struct RosterImage {
    std::uint64_t version = 0;
    std::vector<RosterChange> changes;
};

class RosterTable {
public:
    RosterTable(Connection& db, const KeyRing& keys) : db_(db), keys_(keys) {}

    /// Writes one change, or throws RefusedChange and leaves the transaction to be rolled back to before it.
    void write(const RosterChange& change);
    void write(const StrangerChange& change);

    [[nodiscard]] RosterImage image(std::uint64_t version);
    [[nodiscard]] std::vector<StrangerRow> strangers();
    [[nodiscard]] std::vector<Store::CardNumberRow> card_numbers();

private:
    void put(const PutHousehold& put);
    void put(const PutPerson& put);
    void put(const RemovePerson& remove);
    void put(const PutCard& put);
    void put(const RemoveCard& remove);
    void put(const PutFace& put);
    void put(const RemoveFace& remove);
    void put(const PutTag& put);
    void put(const RemoveTag& remove);
    void put(const AcceptModel& accept);
    void put(const LabelStranger& label);
    [[nodiscard]] Tags tags_of(const PersonId& person);
    void change_person(const PersonId& id, const std::function<void(Person&)>& change);
    void change_card(const Card& card);

    void read_households(std::vector<RosterChange>& out);
    void read_persons(std::vector<RosterChange>& out);
    void read_cards(std::vector<RosterChange>& out);
    void read_faces(std::vector<RosterChange>& out);
    void read_accepted_models(std::vector<RosterChange>& out);
    void read_gate_tags(std::vector<RosterChange>& out);
    [[nodiscard]] std::vector<FaceTemplateRow> templates_of(const PersonId& person);
    [[nodiscard]] std::string unseal(std::string_view sealed, const std::string& place) const;

    Connection& db_;
    const KeyRing& keys_;
};

}  // namespace menshen::store
