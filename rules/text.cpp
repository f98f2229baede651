#include "rules/text.hpp"

#include <algorithm>
#include <functional>

#include "core/time.hpp"

namespace menshen::rules {

namespace {

enum class Language : std::uint8_t { zh, en };

/// Walks a template: `literal` gets the text between placeholders, `placeholder` their names. Returns false at a stray brace,
/// which is passed on as it stands.
bool walk(std::string_view text, const std::function<void(std::string_view)>& literal,
          const std::function<void(std::string_view)>& placeholder) {
    bool clean = true;
    while (!text.empty()) {
        const auto open = text.find_first_of("{}");
        literal(text.substr(0, open));
        if (open == std::string_view::npos) return clean;
        text.remove_prefix(open);
        const auto close = text.find_first_of("{}", 1);
        if (text.front() == '}' || close == std::string_view::npos || text[close] == '{') {
            clean = false;
            literal(text.substr(0, 1));
            text.remove_prefix(1);
            continue;
        }
        placeholder(text.substr(1, close - 1));
        text.remove_prefix(close + 1);
    }
    return clean;
}

std::string words(std::int64_t ms, Language language) {
    return language == Language::zh ? in_words_zh(Millis{ms}) : in_words_en(Millis{ms});
}

/// A value from outside must not look like a placeholder when names are filled in later.
std::string without_braces(std::string text) {
    std::erase_if(text, [](char c) { return c == '{' || c == '}'; });
    return text;
}

const Value* find(const std::map<std::string, Value>& evidence, const std::string& key) {
    const auto it = evidence.find(key);
    return it == evidence.end() ? nullptr : &it->second;
}

std::string plain(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return without_braces(*text);
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    return "";
}

std::string time_text(const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return "";
    const auto stamp = parse_stamp(*text);
    return stamp ? to_minutes(*stamp) : "";
}

std::string value_of(const std::string& name, const std::map<std::string, Value>& evidence, Language language) {
    if (const auto* value = find(evidence, name + "_ms")) {
        if (const auto* ms = std::get_if<std::int64_t>(value)) return words(*ms, language);
    }
    const auto* value = find(evidence, name);
    const bool zh = language == Language::zh;
    if (name == "last_seen" && value == nullptr) return zh ? "尚无记录" : "never";
    if (value == nullptr) return zh ? "未知" : "unknown";
    return name == "last_seen" || name == "time" ? time_text(*value) : plain(*value);
}

std::string render(std::string_view text, const std::map<std::string, Value>& evidence, Language language) {
    std::string out;
    walk(
        text, [&](std::string_view literal) { out += literal; },
        [&](std::string_view name) {
            if (name == "person" || name == "household") {
                out += fmt::format("{{{}}}", name);
            } else {
                out += value_of(std::string(name), evidence, language);
            }
        });
    return out;
}

/// What is known of an alert that a deadline raised: its subject, and what belongs to it.
std::vector<std::string_view> subject_placeholders(Per per) {
    switch (per) {
        case Per::person:
            return {"person", "household"};
        case Per::household:
            return {"household"};
        case Per::card:
            return {"card"};
        case Per::stranger:
            return {"stranger"};
        case Per::door:
        case Per::gate:
            break;
    }
    return {};
}

}  // namespace

std::vector<std::string_view> known_placeholders(const Rule& rule) {
    std::vector<std::string_view> out{"gate", "door", "time"};
    const auto add = [&](std::initializer_list<std::string_view> names) { out.insert(out.end(), names); };
    if (std::holds_alternative<Absent>(rule.condition)) {
        const auto subject = subject_placeholders(rule.per);
        out.insert(out.end(), subject.begin(), subject.end());
        add({"silence", "last_seen", "threshold"});
    } else {
        add({"person", "household", "card", "stranger", "device", "reason"});
    }
    if (std::holds_alternative<Count>(rule.condition)) add({"count", "over", "threshold"});
    if (const auto* days = std::get_if<Days>(&rule.condition)) {
        add({"days", "threshold"});
        if (days->within > 0) add({"within"});
    }
    std::sort(out.begin(), out.end());
    return out;
}

Placeholders placeholders_of(std::string_view text) {
    Placeholders out;
    out.stray_brace = !walk(
        text, [](std::string_view) {}, [&](std::string_view name) { out.names.emplace_back(name); });
    return out;
}

Text render(const Rule& rule, const std::map<std::string, Value>& evidence) {
    return {render(rule.text.zh, evidence, Language::zh), render(rule.text.en, evidence, Language::en)};
}

std::string fill_names(std::string_view text, std::string_view person, std::string_view household) {
    std::string out;
    // A blank that stood between a name that is missing and what follows would be left over.
    const auto append = [&](std::string_view part) {
        if (!part.empty() && part.front() == ' ' && (out.empty() || out.back() == ' ')) part.remove_prefix(1);
        out += part;
    };
    walk(text, append, [&](std::string_view name) {
        if (name == "person") {
            append(person);
        } else if (name == "household") {
            append(household);
        } else {
            append(fmt::format("{{{}}}", name));
        }
    });
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

Text default_text(const Rule& rule) {
    const std::string subject =
        rule.per == Per::gate || rule.per == Per::household ? "" : fmt::format(" {{{}}}", to_text(rule.per));
    const std::string household = rule.per == Per::person || rule.per == Per::household ? " {household}" : "";
    const auto begin_zh = rule.title.zh + ":" + household + subject;
    const auto begin_en = rule.title.en + ":" + household + subject;
    return std::visit(Match{
                          [&](const Each&) {
                              return Text{begin_zh + " {time}", begin_en + " at {time}"};
                          },
                          [&](const Absent&) {
                              return Text{begin_zh + " 已{silence}没有记录", begin_en + " not seen for {silence}"};
                          },
                          [&](const Count&) {
                              return Text{begin_zh + " {over}内{count}次,超过{threshold}次",
                                          begin_en + " {count} times in {over}, more than {threshold}"};
                          },
                          [&](const Days&) {
                              return Text{begin_zh + " 已有{days}天出现", begin_en + " seen on {days} days"};
                          },
                          [&](const auto&) {
                              return Text{begin_zh + " {time}", begin_en + " at {time}"};
                          },
                      },
                      rule.condition);
}

}  // namespace menshen::rules
