#include "core/record.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/json_text.hpp"

namespace menshen {

namespace {

constexpr std::array<std::string_view, kKindCount> kKinds{
    "card_read",      "face_seen",     "card_face",     "granted",        "denied",     "passage",       "door_opened",
    "door_closed",    "door_held",     "door_forced",   "exit_request",   "activity",   "tag_added",     "tag_removed",
    "roster_changed", "rules_changed", "device_online", "device_offline", "clock_step", "clock_trusted", "started",
    "stopped",        "alert",         "mute",          "command",        "gap"};

template <class Enum, std::size_t N>
std::optional<Enum> parse_enum(const std::array<std::string_view, N>& names, std::string_view text) {
    const auto it = std::find(names.begin(), names.end(), text);
    if (it == names.end()) return std::nullopt;
    return static_cast<Enum>(it - names.begin());
}

template <class Enum, std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, Enum value) {
    return names[static_cast<std::size_t>(value)];
}

/// Appends `,"key":value`, or without the comma at the front of an object.
class ObjectWriter {
public:
    explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
    void put(std::string_view key, const Value& value) {
        if (out_.back() != '{') out_ += ',';
        append_json_string(out_, key);
        out_ += ':';
        append_json(out_, value);
    }
    void put_text(std::string_view key, std::string_view text) {
        if (!text.empty()) put(key, std::string(text));
    }
    void end() { out_ += '}'; }

private:
    std::string& out_;
};

/// The fields beyond the common ones, by name.
std::map<std::string, Value> other_fields(const Record& r) {
    std::map<std::string, Value> out = r.more;
    const auto text = [&](const char* key, std::string_view value) {
        if (!value.empty()) out[key] = std::string(value);
    };
    text("person", r.person.str());
    text("household", r.household.str());
    text("card", r.card.str());
    text("stranger", r.stranger.str());
    text("door", r.door.str());
    text("device", r.device.str());
    text("reason", r.reason);
    text("tag", r.tag);
    text("origin", r.origin.str());
    if (r.side) text("side", to_text(*r.side));
    if (r.method) text("method", to_text(*r.method));
    if (r.certainty) text("certainty", to_text(*r.certainty));
    if (r.household_size != 0) out["household_size"] = std::int64_t{r.household_size};
    if (!r.person_tags.empty()) out["person_tags"] = r.person_tags;
    if (r.late) out["late"] = true;
    return out;
}

using Json = nlohmann::json;
using Setter = std::function<bool(Record&, const Json&)>;

template <class T>
Setter id_field(T Record::*member) {
    return [member](Record& r, const Json& value) {
        if (!value.is_string()) return false;
        r.*member = T(value.get<std::string>());
        return true;
    };
}

template <class T>
Setter number_field(T Record::*member) {
    return [member](Record& r, const Json& value) {
        if (!value.is_number_unsigned()) return false;
        r.*member = value.get<T>();
        return true;
    };
}

template <class T, class Parse>
Setter parsed_field(T Record::*member, Parse parse) {
    return [member, parse](Record& r, const Json& value) {
        if (!value.is_string()) return false;
        const auto parsed = parse(value.get_ref<const std::string&>());
        if (!parsed) return false;
        r.*member = *parsed;
        return true;
    };
}

Setter text_field(std::string Record::*member) {
    return [member](Record& r, const Json& value) {
        if (!value.is_string()) return false;
        r.*member = value.get<std::string>();
        return true;
    };
}

Setter flag_field(bool Record::*member) {
    return [member](Record& r, const Json& value) {
        if (!value.is_boolean()) return false;
        r.*member = value.get<bool>();
        return true;
    };
}

bool set_mono(Record& r, const Json& value) {
    if (!value.is_number_integer()) return false;
    r.mono = MonoTime{Millis{value.get<std::int64_t>()}};
    return true;
}

bool set_tags(Record& r, const Json& value) {
    if (!value.is_array()) return false;
    for (const auto& item : value) {
        if (!item.is_string()) return false;
        r.person_tags.push_back(item.get<std::string>());
    }
    std::sort(r.person_tags.begin(), r.person_tags.end());
    return true;
}

const std::map<std::string_view, Setter>& setters() {
    static const std::map<std::string_view, Setter> table{
        {"epoch", text_field(&Record::epoch)},
        {"seq", number_field(&Record::seq)},
        {"at", parsed_field(&Record::at, parse_stamp)},
        {"wall_is_trusted", flag_field(&Record::wall_is_trusted)},
        {"mono", set_mono},
        {"boot", number_field(&Record::boot)},
        {"kind", parsed_field(&Record::kind, parse_kind)},
        {"person", id_field(&Record::person)},
        {"household", id_field(&Record::household)},
        {"household_size", number_field(&Record::household_size)},
        {"person_tags", set_tags},
        {"card", id_field(&Record::card)},
        {"stranger", id_field(&Record::stranger)},
        {"door", id_field(&Record::door)},
        {"device", id_field(&Record::device)},
        {"side", parsed_field(&Record::side, parse_side)},
        {"method", parsed_field(&Record::method, parse_method)},
        {"certainty", parsed_field(&Record::certainty, parse_certainty)},
        {"reason", text_field(&Record::reason)},
        {"tag", text_field(&Record::tag)},
        {"origin", id_field(&Record::origin)},
        {"late", flag_field(&Record::late)},
    };
    return table;
}

std::optional<Value> to_value(const Json& json) {
    if (json.is_boolean()) return Value{json.get<bool>()};
    if (json.is_number_integer()) return Value{json.get<std::int64_t>()};
    if (json.is_string()) return Value{json.get<std::string>()};
    if (!json.is_array()) return std::nullopt;
    std::vector<std::string> texts;
    for (const auto& item : json) {
        if (!item.is_string()) return std::nullopt;
        texts.push_back(item.get<std::string>());
    }
    return Value{std::move(texts)};
}

}  // namespace

std::string_view to_text(Kind kind) { return name_of(kKinds, kind); }
std::string_view to_text(Side side) { return name_of(kSides, side); }
std::string_view to_text(Method method) { return name_of(kMethods, method); }
std::string_view to_text(Certainty certainty) { return name_of(kCertainties, certainty); }
std::optional<Kind> parse_kind(std::string_view text) { return parse_enum<Kind>(kKinds, text); }
std::optional<Side> parse_side(std::string_view text) { return parse_enum<Side>(kSides, text); }
std::optional<Method> parse_method(std::string_view text) { return parse_enum<Method>(kMethods, text); }
std::optional<Certainty> parse_certainty(std::string_view text) { return parse_enum<Certainty>(kCertainties, text); }
const std::array<std::string_view, kKindCount>& kind_names() { return kKinds; }

std::string Record::id() const { return fmt::format("{}-{}", epoch, seq); }

Record make_record(Kind kind, const Now& now) {
    Record record;
    record.kind = kind;
    record.at = now.wall;
    record.wall_is_trusted = now.wall_is_trusted;
    record.mono = now.mono;
    record.boot = now.boot;
    return record;
}

std::string to_json(const Record& record) {
    std::string out;
    out.reserve(384);
    ObjectWriter writer(out);
    writer.put_text("epoch", record.epoch);
    if (record.seq != 0) writer.put("seq", static_cast<std::int64_t>(record.seq));
    writer.put("at", to_text(record.at));
    writer.put("wall_is_trusted", record.wall_is_trusted);
    if (record.mono) writer.put("mono", std::int64_t{record.mono->since_boot.count()});
    if (record.boot != 0) writer.put("boot", std::int64_t{record.boot});
    writer.put_text("kind", to_text(record.kind));
    for (const auto& [key, value] : other_fields(record)) writer.put(key, value);
    writer.end();
    return out;
}

Result<Record> parse_record(std::string_view json) {
    const auto object = Json::parse(json, nullptr, false);
    if (!object.is_object()) return fail("not a JSON object");
    if (!object.contains("at")) return fail("\"at\" is missing");
    if (!object.contains("kind")) return fail("\"kind\" is missing");
    Record record;
    for (const auto& [key, value] : object.items()) {
        const auto setter = setters().find(key);
        if (setter != setters().end()) {
            if (!setter->second(record, value))
                return fail("\"{}\" cannot be {}", key, value.dump(-1, ' ', false, Json::error_handler_t::replace));
        } else if (auto other = to_value(value)) {
            record.more.emplace(key, std::move(*other));
        }
    }
    return record;
}

std::vector<std::string> field(const Record& record, std::string_view name) {
    if (name == "person.tags" || name == "person_tags") return record.person_tags;
    if (name == "kind") return {std::string(to_text(record.kind))};
    if (name == "household.size") name = "household_size";
    const auto fields = other_fields(record);
    const auto it = fields.find(std::string(name));
    if (it == fields.end()) return {};
    if (const auto* texts = std::get_if<std::vector<std::string>>(&it->second)) return *texts;
    if (const auto* text = std::get_if<std::string>(&it->second)) return {*text};
    std::string out;
    append_json(out, it->second);
    return {out};
}

}  // namespace menshen
