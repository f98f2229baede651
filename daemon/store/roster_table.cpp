#include "daemon/store/roster_table.hpp"

#include "daemon/store/roster_form.hpp"

namespace menshen::store {

namespace {

std::string place_of(std::string_view table, std::string_view id) { return fmt::format("{}:{}", table, id); }

std::optional<std::int64_t> millis(const std::optional<WallTime>& time) {
    if (!time) return std::nullopt;
    return time->since_epoch.count();
}

std::optional<WallTime> time_at(const Query& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return WallTime{Millis{row.integer(column)}};
}

std::optional<std::string_view> none_if_empty(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return text;
}

std::string_view view(const std::string& text) { return text; }

}  // namespace

void RosterTable::write(const RosterChange& change) {
    std::visit([this](const auto& c) { put(c); }, change);
}

void RosterTable::put(const PutHousehold& put) {
    const auto& id = put.household.id.str();
    db_.run(
        "INSERT INTO households (id, size, sealed) VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET size = excluded.size, sealed = excluded.sealed",
        view(id), put.household.size, Blob{keys_.seal(put.household.name, place_of("households", id))});
}

void RosterTable::put(const PutPerson& put) {
    const auto& id = put.person.id.str();
    const auto& household = put.person.household.str();
    if (!household.empty() && db_.number("SELECT count(*) FROM households WHERE id = ?", view(household)) == 0)
        throw RefusedChange(fmt::format("person {}: household {} is not known", id, household));
    const std::string sealed = to_bytes(to_form(put.person));
    db_.run(
        "INSERT INTO persons (id, household, sealed) VALUES (?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET household = excluded.household, sealed = excluded.sealed",
        view(id), none_if_empty(household), Blob{keys_.seal(sealed, place_of("persons", id))});
}

void RosterTable::put(const RemovePerson& remove) { db_.run("DELETE FROM persons WHERE id = ?", view(remove.id.str())); }

void RosterTable::put(const PutCard& put) {
    const auto& card = put.card;
    const auto& id = card.id.str();
    if (db_.number("SELECT count(*) FROM persons WHERE id = ?", view(card.person.str())) == 0)
        throw RefusedChange(fmt::format("card {}: person {} is not known", id, card.person.str()));
    if (put.number.empty()) return change_card(card);
    const CardIndex index = keys_.card_index(put.number);
    if (auto other = db_.query("SELECT id FROM cards WHERE number_index = ? AND id <> ?", view(index), view(id)); other.step())
        throw RefusedChange(fmt::format("card {}: card {} has this number already", id, other.text(0)));
    db_.run(
        "INSERT INTO cards (id, person, number_index, state, valid_from_ms, valid_until_ms, sealed) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET person = excluded.person, number_index = excluded.number_index, state = excluded.state, "
        "valid_from_ms = excluded.valid_from_ms, valid_until_ms = excluded.valid_until_ms, sealed = excluded.sealed",
        view(id), view(card.person.str()), view(index), to_text(card.state), millis(card.valid_from), millis(card.valid_until),
        Blob{keys_.seal(put.number, place_of("cards", id))});
}

void RosterTable::change_card(const Card& card) {
    db_.run("UPDATE cards SET person = ?, state = ?, valid_from_ms = ?, valid_until_ms = ? WHERE id = ?", view(card.person.str()),
            to_text(card.state), millis(card.valid_from), millis(card.valid_until), view(card.id.str()));
    if (db_.changes() == 0) throw RefusedChange(fmt::format("card {} is not known; give its number", card.id.str()));
}

void RosterTable::put(const RemoveCard& remove) { db_.run("DELETE FROM cards WHERE id = ?", view(remove.id.str())); }

void RosterTable::put(const PutFace& put) {
    const auto& person = put.consent.person.str();
    if (db_.number("SELECT count(*) FROM persons WHERE id = ?", view(person)) == 0)
        throw RefusedChange(fmt::format("face: person {} is not known", person));
    db_.run("DELETE FROM face_templates WHERE person = ?", view(person));
    db_.run(
        "INSERT INTO faces (person, state, sealed) VALUES (?, ?, ?) "
        "ON CONFLICT (person) DO UPDATE SET state = excluded.state, sealed = excluded.sealed",
        view(person), to_text(put.consent.state), Blob{keys_.seal(to_bytes(to_form(put.consent)), place_of("faces", person))});
    for (const auto& row : put.templates) {
        const std::string sealed = keys_.seal(to_bytes(to_form(row)), place_of("face_templates", person));
        db_.run("INSERT INTO face_templates (person, sealed) VALUES (?, ?)", view(person), Blob{sealed});
    }
}

void RosterTable::put(const RemoveFace& remove) { db_.run("DELETE FROM faces WHERE person = ?", view(remove.person.str())); }

/// Of the gate or of a person, who must exist.
Tags RosterTable::tags_of(const PersonId& person) {
    Tags out;
    if (person.empty()) {
        auto rows = db_.query("SELECT tag, until_ms FROM gate_tags");
        while (rows.step()) out[rows.text(0)] = time_at(rows, 1);
        return out;
    }
    auto row = db_.query("SELECT sealed FROM persons WHERE id = ?", view(person.str()));
    if (!row.step()) throw RefusedChange(fmt::format("person {} is not known", person.str()));
    Person held;
    from_form(from_bytes(unseal(row.bytes(0), place_of("persons", person.str()))), held);
    for (const auto& tag : held.tags) {
        const auto end = held.tag_ends.find(tag);
        out[tag] = end == held.tag_ends.end() ? std::nullopt : std::optional(end->second);
    }
    return out;
}

void RosterTable::put(const PutTag& put) {
    if (put.person.empty()) {
        db_.run(
            "INSERT INTO gate_tags (tag, until_ms) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET until_ms = excluded.until_ms",
            view(put.tag), millis(put.until));
        return;
    }
    change_person(put.person, [&](Person& person) {
        Roster one;
        one.put(person);
        one.put_tag(person.id, put.tag, put.until);
        person = *one.person(person.id);
    });
}

void RosterTable::put(const RemoveTag& remove) {
    const auto held = tags_of(remove.person);
    const auto it = held.find(remove.tag);
    const auto whose = remove.person.empty() ? std::string("the gate") : "person " + remove.person.str();
    if (it == held.end()) throw RefusedChange(fmt::format("{} has no tag {}", whose, remove.tag));
    if (remove.ended && it->second != remove.ended)
        throw RefusedChange(fmt::format("tag {} of {} was renewed", remove.tag, whose));
    if (remove.person.empty()) {
        db_.run("DELETE FROM gate_tags WHERE tag = ?", view(remove.tag));
        return;
    }
    change_person(remove.person, [&](Person& person) {
        std::erase(person.tags, remove.tag);
        person.tag_ends.erase(remove.tag);
    });
}

void RosterTable::change_person(const PersonId& id, const std::function<void(Person&)>& change) {
    auto row = db_.query("SELECT sealed FROM persons WHERE id = ?", view(id.str()));
    if (!row.step()) throw RefusedChange(fmt::format("person {} is not known", id.str()));
    Person person{.id = id};
    from_form(from_bytes(unseal(row.bytes(0), place_of("persons", id.str()))), person);
    change(person);
    db_.run("UPDATE persons SET sealed = ? WHERE id = ?",
            Blob{keys_.seal(to_bytes(to_form(person)), place_of("persons", id.str()))}, view(id.str()));
}

void RosterTable::put(const LabelStranger& label) {
    const auto& id = label.id.str();
    auto row = db_.query("SELECT sealed FROM strangers WHERE id = ?", view(id));
    if (!row.step()) throw RefusedChange(fmt::format("stranger {} is not known any more", id));
    auto held = stranger_from(from_bytes(unseal(row.bytes(0), place_of("strangers", id))), label.id);
    if (label.ended && held.label_until != label.ended)
        throw RefusedChange(fmt::format("the label of stranger {} was renewed", id));
    held.label = label.label;
    held.label_until = label.until;
    db_.run("UPDATE strangers SET sealed = ? WHERE id = ?", Blob{keys_.seal(to_bytes(to_form(held)), place_of("strangers", id))},
            view(id));
}

void RosterTable::write(const StrangerChange& change) {
    std::visit(
        Match{
            [this](const LabelStranger& label) { put(label); },
            [this](const PutStranger& put) {
                const auto& id = put.stranger.id.str();
                db_.run(
                    "INSERT INTO strangers (id, sealed) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
                    view(id), Blob{keys_.seal(to_bytes(to_form(put.stranger)), place_of("strangers", id))});
            },
            [this](const RemoveStranger& remove) { db_.run("DELETE FROM strangers WHERE id = ?", view(remove.id.str())); },
        },
        change);
}

std::string RosterTable::unseal(std::string_view sealed, const std::string& place) const {
    auto plain = keys_.unseal(sealed, place);
    if (!plain) throw SqlError::corrupt(plain.error().message);
    return std::move(*plain);
}

RosterImage RosterTable::image(std::uint64_t version) {
    RosterImage out;
    out.version = version;
    read_households(out.changes);
    read_persons(out.changes);
    read_cards(out.changes);
    read_faces(out.changes);
    read_gate_tags(out.changes);
    read_accepted_models(out.changes);
    return out;
}

void RosterTable::put(const AcceptModel& accept) {
    db_.run(
        "INSERT INTO accepted_models (model, notice, by) VALUES (?, ?, ?) "
        "ON CONFLICT (model) DO UPDATE SET notice = excluded.notice, by = excluded.by",
        view(accept.model), view(accept.notice), view(accept.by));
}

void RosterTable::read_accepted_models(std::vector<RosterChange>& out) {
    auto rows = db_.query("SELECT model, notice, by FROM accepted_models ORDER BY model");
    while (rows.step()) out.emplace_back(AcceptModel{rows.text(0), rows.text(1), rows.text(2)});
}

void RosterTable::read_gate_tags(std::vector<RosterChange>& out) {
    auto rows = db_.query("SELECT tag, until_ms FROM gate_tags ORDER BY tag");
    while (rows.step()) out.emplace_back(PutTag{{}, rows.text(0), time_at(rows, 1)});
}

void RosterTable::read_households(std::vector<RosterChange>& out) {
    auto rows = db_.query("SELECT id, size, sealed FROM households ORDER BY id");
    while (rows.step()) {
        const auto id = rows.text(0);
        out.emplace_back(PutHousehold{
            {HouseholdId(id), unseal(rows.bytes(2), place_of("households", id)), static_cast<std::uint32_t>(rows.integer(1))}});
    }
}

void RosterTable::read_persons(std::vector<RosterChange>& out) {
    auto rows = db_.query("SELECT id, household, sealed FROM persons ORDER BY id");
    while (rows.step()) {
        const auto id = rows.text(0);
        Person person{.id = PersonId(id), .household = HouseholdId(rows.text(1))};
        from_form(from_bytes(unseal(rows.bytes(2), place_of("persons", id))), person);
        out.emplace_back(PutPerson{std::move(person)});
    }
}

void RosterTable::read_cards(std::vector<RosterChange>& out) {
    auto rows = db_.query("SELECT id, person, number_index, state, valid_from_ms, valid_until_ms, sealed FROM cards ORDER BY id");
    while (rows.step()) {
        PutCard put;
        put.card.id = CardId(rows.text(0));
        put.card.person = PersonId(rows.text(1));
        put.card.index = rows.text(2);
        put.card.state = parse_credential_state(rows.bytes(3)).value_or(CredentialState::suspended);
        put.card.valid_from = time_at(rows, 4);
        put.card.valid_until = time_at(rows, 5);
        put.number = unseal(rows.bytes(6), place_of("cards", rows.text(0)));
        out.emplace_back(std::move(put));
    }
}

void RosterTable::read_faces(std::vector<RosterChange>& out) {
    auto rows = db_.query("SELECT person, state, sealed FROM faces ORDER BY person");
    while (rows.step()) {
        PutFace put;
        const auto person = rows.text(0);
        put.consent = consent_from(from_bytes(unseal(rows.bytes(2), place_of("faces", person))));
        put.consent.person = PersonId(person);
        put.consent.state = parse_credential_state(rows.bytes(1)).value_or(CredentialState::suspended);
        put.templates = templates_of(put.consent.person);
        put.consent.templates = static_cast<std::uint32_t>(put.templates.size());
        out.emplace_back(std::move(put));
    }
}

std::vector<FaceTemplateRow> RosterTable::templates_of(const PersonId& person) {
    std::vector<FaceTemplateRow> out;
    auto rows = db_.query("SELECT sealed FROM face_templates WHERE person = ? ORDER BY id", view(person.str()));
    while (rows.step())
        out.push_back(template_from(from_bytes(unseal(rows.bytes(0), place_of("face_templates", person.str()))), person));
    return out;
}

std::vector<StrangerRow> RosterTable::strangers() {
    std::vector<StrangerRow> out;
    auto rows = db_.query("SELECT id, sealed FROM strangers ORDER BY id");
    while (rows.step()) {
        const auto id = rows.text(0);
        out.push_back(stranger_from(from_bytes(unseal(rows.bytes(1), place_of("strangers", id))), StrangerId(id)));
    }
    return out;
}

std::vector<Store::CardNumberRow> RosterTable::card_numbers() {
    std::vector<Store::CardNumberRow> out;
    auto rows = db_.query("SELECT id, sealed FROM cards ORDER BY id");
    while (rows.step()) out.push_back({CardId(rows.text(0)), unseal(rows.bytes(1), place_of("cards", rows.text(0)))});
    return out;
}

void apply(const RosterChange& change, const KeyRing& keys, Roster& roster) {
    std::visit(Match{
                   [&](const PutHousehold& put) { roster.put(put.household); },
                   [&](const PutPerson& put) { roster.put(put.person); },
                   [&](const RemovePerson& remove) { roster.remove_person(remove.id); },
                   [&](const PutCard& put) {
                       Card card = put.card;
                       const Card* held = roster.card(card.id);
                       if (!put.number.empty()) {
                           card.index = keys.card_index(put.number);
                       } else if (card.index.empty() && held != nullptr) {
                           card.index = held->index;
                       }
                       roster.put(std::move(card));
                   },
                   [&](const RemoveCard& remove) { roster.remove_card(remove.id); },
                   [&](const PutFace& put) {
                       FaceConsent consent = put.consent;
                       consent.templates = static_cast<std::uint32_t>(put.templates.size());
                       roster.put(std::move(consent));
                   },
                   [&](const RemoveFace& remove) { roster.remove_face(remove.person); },
                   [&](const PutTag& put) { roster.put_tag(put.person, put.tag, put.until); },
                   [&](const RemoveTag& remove) { roster.remove_tag(remove.person, remove.tag); },
                   [&](const AcceptModel& accept) { roster.accepted_models[accept.model] = accept.notice; },
               },
               change);
    ++roster.version;
}

}  // namespace menshen::store
