#pragma once
/// As much of JSON Schema as docs/schema uses: type, enum, const, pattern, required, properties, additionalProperties, items,
/// minimum, if/then by a property's const. Another keyword is a complaint, so that a schema cannot promise what nobody looks at.

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

namespace menshen::test {

inline bool has_type(const std::string& type, const nlohmann::json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    return false;
}

inline std::string schema_complaint(const nlohmann::json& schema, const nlohmann::json& value);

inline std::string object_complaint(const nlohmann::json& schema, const nlohmann::json& value) {
    for (const auto& key : schema.value("required", nlohmann::json::array()))
        if (!value.contains(key.get<std::string>())) return key.get<std::string>() + " is missing";
    const auto properties = schema.value("properties", nlohmann::json::object());
    for (const auto& [key, member] : value.items()) {
        nlohmann::json rule = true;
        if (properties.contains(key))
            rule = properties[key];
        else if (schema.contains("additionalProperties"))
            rule = schema["additionalProperties"];
        if (rule == false) return key + " is not known";
        if (!rule.is_object()) continue;
        if (const auto inner = schema_complaint(rule, member); !inner.empty()) return key + (inner[0] == '.' ? "" : ": ") + inner;
    }
    return "";
}

inline std::string schema_complaint(const nlohmann::json& schema, const nlohmann::json& value) {
    static const std::set<std::string> known{
        "$schema", "$id",      "title",      "description",          "type",  "enum",    "const",
        "pattern", "required", "properties", "additionalProperties", "items", "minimum", "if",
        "then",    "minItems", "maxItems"};
    for (const auto& [key, unused] : schema.items())
        if (!known.contains(key)) return "the schema uses " + key;
    if (schema.contains("type")) {
        const auto& type = schema["type"];
        bool fits = type.is_string() && has_type(type, value);
        if (type.is_array())
            for (const auto& one : type) fits = fits || has_type(one, value);
        if (!fits) return "not " + (type.is_string() ? type.get<std::string>() : type.dump());
    }
    if (schema.contains("const") && value != schema["const"]) return "not " + schema["const"].dump();
    if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
        return "not one of " + schema["enum"].dump();
    if (schema.contains("pattern") && value.is_string() &&
        !std::regex_search(value.get<std::string>(), std::regex(schema["pattern"].get<std::string>())))
        return "does not match";
    if (schema.contains("minimum") && value.is_number() && value < schema["minimum"]) return "below " + schema["minimum"].dump();
    if (value.is_array()) {
        if (value.size() < schema.value("minItems", std::size_t{0})) return "too few";
        if (value.size() > schema.value("maxItems", value.size())) return "too many";
        if (schema.contains("items"))
            for (const auto& item : value)
                if (const auto inner = schema_complaint(schema["items"], item); !inner.empty()) return "item " + inner;
    }
    if (schema.contains("if") && schema_complaint(schema["if"], value).empty())
        if (const auto inner = schema_complaint(schema.at("then"), value); !inner.empty()) return inner;
    return value.is_object() ? object_complaint(schema, value) : "";
}

}  // namespace menshen::test
