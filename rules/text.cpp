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

std::string plain(const Value& value, Language language) {
    if (const auto* text = std::get_if<std::string>(&value)) return without_braces(*text);
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    std::string out;
    for (const auto& item : std::get<std::vector<std::string>>(value)) {
        if (!out.empty()) out += language == Language::zh ? "、" : ", ";
        out += without_braces(item);
    }
    return out;
}

/// To the minute for moments, the day for `since`.
std::string time_text(const std::string& name, const Value& value, Language language) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return "";
    const auto stamp = parse_stamp(*text);
    if (!stamp) return name == "since" ? plain(value, language) : "";
    const auto minutes = to_minutes(*stamp);
    return name == "since" ? minutes.substr(0, minutes.find(' ')) : minutes;
}

bool is_time(std::string_view name) { return name == "time" || name == "first_time" || name == "last_seen" || name == "since"; }

std::string value_of(const std::string& name, const std::map<std::string, Value>& evidence, Language language) {
    if (const auto* value = find(evidence, name + "_ms")) {
        if (const auto* ms = std::get_if<std::int64_t>(value)) return words(*ms, language);
    }
    const auto* value = find(evidence, name);
    const bool zh = language == Language::zh;
    if (name == "last_seen" && value == nullptr) return zh ? "尚无记录" : "never";
    if (value == nullptr) return zh ? "未知" : "unknown";
    return is_time(name) ? time_text(name, *value, language) : plain(*value, language);
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

/// A deadline raises the alert: there is no record that fired.
bool is_of_a_deadline(const Condition& condition) {
    const auto* sequence = std::get_if<Sequence>(&condition);
    return std::holds_alternative<Absent>(condition) || (sequence != nullptr && sequence->form == Sequence::Form::then_not);
}

std::vector<std::string_view> placeholders_of(const Condition& condition) {
    using Names = std::vector<std::string_view>;
    return std::visit(Match{
                          [](const Each&) { return Names{}; },
                          [](const Absent& absent) {
                              Names out{"silence", "last_seen", "threshold"};
                              if (absent.budget) out.emplace_back("usual");
                              return out;
                          },
                          [](const Count&) {
                              return Names{"count", "over", "threshold"};
                          },
                          [](const Days& days) {
                              Names out{"days", "threshold"};
                              if (days.within > 0) out.emplace_back("within");
                              return out;
                          },
                          [](const Distinct&) {
                              return Names{"count", "over", "threshold", "values"};
                          },
                          [](const Baseline&) {
                              return Names{"count", "over", "usual", "since", "raised_days", "raised_count", "raised_usual"};
                          },
                          [](const Sequence& sequence) {
                              Names out{"within"};
                              if (sequence.form != Sequence::Form::not_before) out.emplace_back("first_time");
                              if (sequence.differs != Of::none) out.emplace_back("other");
                              return out;
                          },
                      },
                      condition);
}

/// What is different, in words: "3 different cards".
Text counted(Of of) {
    switch (of) {
        case Of::card:
            return {"张不同的卡", "different cards"};
        case Of::door:
            return {"个不同的门", "different doors"};
        default:
            return {"个不同的人", "different persons"};
    }
}

Text default_text(const Sequence& sequence) {
    switch (sequence.form) {
        case Sequence::Form::then_not:
            return {" {first_time}之后{within}内没有应有的后续记录",
                    " nothing of what should follow came within {within} of {first_time}"};
        case Sequence::Form::not_before:
            return {" {time},之前{within}内没有应有的记录", " at {time}, without what should come within {within} before it"};
        case Sequence::Form::then:
            break;
    }
    Text out{" {time},距{first_time}不到{within}", " at {time}, less than {within} after {first_time}"};
    if (sequence.differs != Of::none) {
        out.zh += "(前一次:{other})";
        out.en += " (before: {other})";
    }
    return out;
}

}  // namespace

std::vector<std::string_view> known_placeholders(const Rule& rule) {
    std::vector<std::string_view> out{"gate", "door", "time"};
    const auto add = [&](const std::vector<std::string_view>& names) { out.insert(out.end(), names.begin(), names.end()); };
    add(is_of_a_deadline(rule.condition)
            ? subject_placeholders(rule.per)
            : std::vector<std::string_view>{"person", "household", "card", "stranger", "device", "reason"});
    add(placeholders_of(rule.condition));
    std::sort(out.begin(), out.end());
    return out;
}

Placeholders placeholders_of(std::string_view text) {
    Placeholders out;
    out.stray_brace = !walk(
        text, [](std::string_view) {}, [&](std::string_view name) { out.names.emplace_back(name); });
    return out;
}

Text render(const Text& text, const std::map<std::string, Value>& evidence) {
    return {render(text.zh, evidence, Language::zh), render(text.en, evidence, Language::en)};
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
    const auto condition =
        std::visit(Match{
                       [](const Each&) {
                           return Text{" {time}", " at {time}"};
                       },
                       [](const Absent& absent) {
                           Text out{" 已{silence}没有记录", " not seen for {silence}"};
                           if (absent.budget) out = {out.zh + "(平时最长:{usual})", out.en + " (longest as a rule: {usual})"};
                           return out;
                       },
                       [](const Count&) {
                           return Text{" {over}内{count}次,超过{threshold}次", " {count} times in {over}, more than {threshold}"};
                       },
                       [](const Days&) {
                           return Text{" 已有{days}天出现", " seen on {days} days"};
                       },
                       [](const Distinct& distinct) {
                           const auto what = counted(distinct.of);
                           return Text{" {over}内有{count}" + what.zh + ",超过{threshold}",
                                       " {count} " + what.en + " in {over}, more than {threshold}"};
                       },
                       [](const Baseline&) {
                           return Text{" {over}内{count}次,平时约{usual}次;{since}以来偏多",
                                       " {count} times in {over}, usually about {usual}; more than usual since {since}"};
                       },
                       [](const Sequence& sequence) { return default_text(sequence); },
                   },
                   rule.condition);
    return {rule.title.zh + ":" + household + subject + condition.zh, rule.title.en + ":" + household + subject + condition.en};
}

}  // namespace menshen::rules
