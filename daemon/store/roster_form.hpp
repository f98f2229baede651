#pragma once
/// The bytes of what is sealed. CBOR (RFC 8949), so that a field can be added later without a migration. Throws nlohmann's
/// errors.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "daemon/store/rows.hpp"

namespace menshen::store {

using Json = nlohmann::json;

[[nodiscard]] std::string to_bytes(const Json& value);
[[nodiscard]] Json from_bytes(std::string_view bytes);

/// Name and tags with their ends; id and household stand in the open.
[[nodiscard]] Json to_form(const Person& person);
void from_form(const Json& form, Person& person);
[[nodiscard]] Json to_form(const FaceConsent& consent);
[[nodiscard]] FaceConsent consent_from(const Json& form);
[[nodiscard]] Json to_form(const FaceTemplateRow& row);
[[nodiscard]] FaceTemplateRow template_from(const Json& form, const PersonId& person);
[[nodiscard]] Json to_form(const StrangerRow& row);
[[nodiscard]] StrangerRow stranger_from(const Json& form, const StrangerId& id);
/// Of a whole change; `Remove...` are not part of an image and give null.
[[nodiscard]] Json to_form(const RosterChange& change);
[[nodiscard]] RosterChange change_from(const Json& form);

}  // namespace menshen::store
