#include "daemon/store/roster_form.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

namespace menshen::store {

namespace {

// Little-endian floats; every machine Menshen runs on is one.
static_assert(std::endian::native == std::endian::little);

Json floats_form(const WipedFloats& values) {
    Json::binary_t bytes;
    bytes.resize(values.size() * sizeof(float));
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return Json::binary(std::move(bytes));
}

WipedFloats floats_from(const Json& form) {
    const auto& bytes = form.get_binary();
    WipedFloats values(bytes.size() / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
}

Json time_form(const std::optional<WallTime>& time) { return time ? Json(time->since_epoch.count()) : Json(nullptr); }

std::optional<WallTime> time_from(const Json& form) {
    if (form.is_null()) return std::nullopt;
    return WallTime{Millis{form.get<std::int64_t>()}};
}

CredentialState state_from(const Json& form) {
    const auto state = parse_credential_state(form.get_ref<const std::string&>());
    if (!state) throw std::runtime_error("unknown credential state");
    return *state;
}

Json card_form(const PutCard& put) {
    const Card& card = put.card;
    return {{"is", "card"},
            {"id", card.id.str()},
            {"person", card.person.str()},
            {"state", std::string(to_text(card.state))},
            {"from", time_form(card.valid_from)},
            {"until", time_form(card.valid_until)},
            {"number", put.number}};
}

Json face_form(const PutFace& put) {
    Json out{{"is", "face"},
             {"person", put.consent.person.str()},
             {"state", std::string(to_text(put.consent.state))},
             {"consent", to_form(put.consent)},
             {"templates", Json::array()}};
    for (const auto& row : put.templates) out["templates"].push_back(to_form(row));
    return out;
}

PutCard card_from(const Json& form) {
    PutCard out;
    out.card.id = CardId(form.at("id").get<std::string>());
    out.card.person = PersonId(form.at("person").get<std::string>());
    out.card.state = state_from(form.at("state"));
    out.card.valid_from = time_from(form.at("from"));
    out.card.valid_until = time_from(form.at("until"));
    out.number = form.at("number").get<std::string>();
    return out;
}

PutFace face_from(const Json& form) {
    PutFace out;
    out.consent = consent_from(form.at("consent"));
    out.consent.person = PersonId(form.at("person").get<std::string>());
    out.consent.state = state_from(form.at("state"));
    for (const auto& row : form.at("templates")) out.templates.push_back(template_from(row, out.consent.person));
    return out;
}

}  // namespace

std::string to_bytes(const Json& value) {
    const auto bytes = Json::to_cbor(value);
    return {bytes.begin(), bytes.end()};
}

Json from_bytes(std::string_view bytes) { return Json::from_cbor(bytes); }

Json to_form(const Person& person) {
    Json out{{"name", person.name}, {"tags", person.tags}};
    for (const auto& [tag, end] : person.tag_ends) out["ends"][tag] = end.since_epoch.count();
    return out;
}

void from_form(const Json& form, Person& person) {
    person.name = form.at("name").get<std::string>();
    person.tags = form.at("tags").get<std::vector<std::string>>();
    person.tag_ends.clear();
    if (!form.contains("ends")) return;  // of before tags had ends
    for (const auto& [tag, end] : form.at("ends").items()) person.tag_ends[tag] = WallTime{Millis{end.get<std::int64_t>()}};
}

Json to_form(const FaceConsent& consent) {
    return {{"purpose", consent.purpose}, {"form", consent.form},         {"date", consent.date},
            {"by", consent.by},           {"text", consent.text_version}, {"until", consent.until}};
}

FaceConsent consent_from(const Json& form) {
    FaceConsent out;
    out.purpose = form.at("purpose").get<std::string>();
    out.form = form.at("form").get<std::string>();
    out.date = form.at("date").get<std::string>();
    out.by = form.at("by").get<std::string>();
    out.text_version = form.at("text").get<std::string>();
    out.until = form.at("until").get<std::string>();
    return out;
}

Json to_form(const FaceTemplateRow& row) { return {{"model", row.model}, {"values", floats_form(row.values)}}; }

FaceTemplateRow template_from(const Json& form, const PersonId& person) {
    return {person, form.at("model").get<std::string>(), floats_from(form.at("values"))};
}

Json to_form(const StrangerRow& row) {
    return {{"model", row.model},
            {"centroid", floats_form(row.centroid)},
            {"sightings", row.sightings},
            {"first", row.first_seen.since_epoch.count()},
            {"last", row.last_seen.since_epoch.count()},
            {"label", row.label},
            {"label_until", time_form(row.label_until)}};
}

StrangerRow stranger_from(const Json& form, const StrangerId& id) {
    StrangerRow out;
    out.id = id;
    out.model = form.at("model").get<std::string>();
    out.centroid = floats_from(form.at("centroid"));
    out.sightings = form.at("sightings").get<std::uint32_t>();
    out.first_seen = WallTime{Millis{form.at("first").get<std::int64_t>()}};
    out.last_seen = WallTime{Millis{form.at("last").get<std::int64_t>()}};
    out.label = form.at("label").get<std::string>();
    out.label_until = time_from(form.at("label_until"));
    return out;
}

Json to_form(const RosterChange& change) {
    return std::visit(
        Match{
            [](const PutHousehold& put) -> Json {
                return {{"is", "household"},
                        {"id", put.household.id.str()},
                        {"name", put.household.name},
                        {"size", put.household.size}};
            },
            [](const PutPerson& put) -> Json {
                Json form = to_form(put.person);
                form["is"] = "person";
                form["id"] = put.person.id.str();
                form["household"] = put.person.household.str();
                return form;
            },
            [](const PutCard& put) { return card_form(put); },
            [](const PutFace& put) { return face_form(put); },
            [](const RemovePerson&) { return Json(nullptr); },
            [](const RemoveCard&) { return Json(nullptr); },
            [](const RemoveFace&) { return Json(nullptr); },
            // A person's tags are in the person.
            [](const PutTag& put) -> Json {
                if (put.person) return nullptr;
                return {{"is", "gate_tag"}, {"tag", put.tag}, {"until", time_form(put.until)}};
            },
            [](const RemoveTag&) { return Json(nullptr); },
            [](const AcceptModel& accept) -> Json {
                return {{"is", "accepted_model"}, {"model", accept.model}, {"notice", accept.notice}, {"by", accept.by}};
            },
        },
        change);
}

RosterChange change_from(const Json& form) {
    const auto& is = form.at("is").get_ref<const std::string&>();
    if (is == "card") return card_from(form);
    if (is == "face") return face_from(form);
    if (is == "household")
        return PutHousehold{{HouseholdId(form.at("id").get<std::string>()), form.at("name").get<std::string>(),
                             form.at("size").get<std::uint32_t>()}};
    if (is == "gate_tag") return PutTag{{}, form.at("tag").get<std::string>(), time_from(form.at("until"))};
    if (is == "accepted_model")
        return AcceptModel{form.at("model").get<std::string>(), form.at("notice").get<std::string>(),
                           form.at("by").get<std::string>()};
    if (is == "person") {
        Person person{.id = PersonId(form.at("id").get<std::string>()),
                      .household = HouseholdId(form.at("household").get<std::string>())};
        from_form(form, person);
        return PutPerson{std::move(person)};
    }
    throw std::runtime_error("unknown part of a roster: " + is);
}

}  // namespace menshen::store
