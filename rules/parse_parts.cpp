#include "rules/parse_parts.hpp"

#include <algorithm>
#include <array>

#include "rules/parse_schedule.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, 3> kSeverities{"info", "warning", "critical"};
constexpr MapReader::Range kWaits{1min, std::chrono::hours{30 * 24}};
constexpr std::size_t kMostEscalations = 8;
constexpr std::size_t kMostRecipients = 32;

std::optional<Text> read_text(MapReader& map, std::string_view key) {
    const Node* node = map.take(key);
    if (node == nullptr) return std::nullopt;
    if (node->type == Node::Type::scalar) {
        if (node->scalar.empty()) map.complain(*node, key, "is empty; leave the key out for a text of our own");
        return Text{node->scalar, node->scalar};
    }
    MapReader languages(*node, map.file(), map.path_of(key), map.problems());
    Text out{languages.text("zh").value_or(""), languages.text("en").value_or("")};
    languages.finish();
    if (node->type == Node::Type::map && node->entries.empty()) languages.complain(*node, "", "needs zh, en or both");
    for (const auto& entry : node->entries) {
        if (entry.value.type == Node::Type::scalar && entry.value.scalar.empty())
            languages.complain(entry.value, entry.key, "is empty");
    }
    // One language is better than none for those who read only the other.
    if (out.zh.empty()) out.zh = out.en;
    if (out.en.empty()) out.en = out.zh;
    return out;
}

void check_placeholders(MapReader& alert, const Node& at, std::string_view language, std::string_view text, const Rule& rule) {
    const auto path = language.empty() ? std::string("text") : fmt::format("text.{}", language);
    const auto known = known_placeholders(rule);
    const auto found = placeholders_of(text);
    if (found.stray_brace) alert.complain(at, path, "has a brace that is no {placeholder}");
    for (const auto& name : found.names) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        alert.complain(at, path, fmt::format("uses {{{}}}, which this rule does not have{}", name, suggestion(name, known)));
    }
}

void check_text(MapReader& alert, const Rule& rule) {
    const Node* node = alert.node().find("text");
    if (node == nullptr) return;
    if (node->type == Node::Type::scalar) check_placeholders(alert, *node, "", node->scalar, rule);
    for (const auto& entry : node->entries) {
        if ((entry.key == "zh" || entry.key == "en") && entry.value.type == Node::Type::scalar) {
            check_placeholders(alert, entry.value, entry.key, entry.value.scalar, rule);
        }
    }
}

/// `to` of an alert or of one escalation. None without the key.
std::vector<RecipientId> read_recipients(MapReader& map, const ParseOptions& options) {
    std::vector<RecipientId> out;
    const auto ids = map.texts("to");
    if (!ids) return out;
    const Node* node = map.node().find("to");
    if (ids->size() > kMostRecipients) map.complain(*node, "to", fmt::format("has more than {} recipients", kMostRecipients));
    std::vector<std::string_view> known;
    if (options.recipients) {
        for (const auto& recipient : *options.recipients) known.push_back(recipient.id.str());
    }
    for (std::size_t i = 0; i < ids->size(); ++i) {
        const auto& id = (*ids)[i];
        const Node& at = node->type == Node::Type::list && i < node->items.size() ? node->items[i] : *node;
        if (!is_topic_safe(id)) {
            map.complain(at, "to", fmt::format("cannot be \"{}\": ids have 1 to 32 of a-z, 0-9 and -", id));
        } else if (options.recipients && std::find(known.begin(), known.end(), id) == known.end()) {
            map.complain(at, "to", fmt::format("names \"{}\", who is no recipient{}", id, suggestion(id, known)));
        }
        if (std::find(out.begin(), out.end(), RecipientId(id)) == out.end()) out.emplace_back(id);
    }
    return out;
}

/// How far an alert has been raised by the steps before.
struct Raised {
    Millis after{};
    AlertSeverity severity = AlertSeverity::warning;
    std::vector<RecipientId> to;
};

Escalation read_escalation(MapReader& step, const ParseOptions& options) {
    Escalation out;
    if (require(step, "after") != nullptr) out.after = step.duration("after", kWaits).value_or(0ms);
    if (const auto severity = step.choice("severity", kSeverities)) out.severity = *parse_alert_severity(*severity);
    out.to = read_recipients(step, options);
    step.finish();
    return out;
}

/// Later than the step before, and more than it.
void check_escalation(MapReader& step, const Escalation& read, Raised& so_far) {
    if (read.after > 0ms && read.after <= so_far.after) {
        step.complain(*step.node().find("after"), "after", "must be longer than that of the step before");
    }
    // A severity that could not be read, or falls, has been complained of.
    bool is_judged = read.severity.has_value() || step.node().find("severity") == nullptr;
    bool raises = false;
    if (read.severity && *read.severity < so_far.severity) {
        is_judged = false;
        step.complain(*step.node().find("severity"), "severity",
                      fmt::format("cannot fall below \"{}\", which the alert has by then", to_text(so_far.severity)));
    } else if (read.severity) {
        raises = *read.severity > so_far.severity;
        so_far.severity = *read.severity;
    }
    for (const auto& id : read.to) {
        if (std::find(so_far.to.begin(), so_far.to.end(), id) != so_far.to.end()) continue;
        so_far.to.push_back(id);
        raises = true;
    }
    if (is_judged && !raises) {
        step.complain(step.node(), "",
                      "changes nothing: it needs a higher severity, or recipients who do not have the alert by then");
    }
    so_far.after = std::max(so_far.after, read.after);
}

void read_escalations(MapReader& alert, const ParseOptions& options, Rule& out) {
    const Node* node = alert.take("escalate");
    if (node == nullptr) return;
    const bool is_list = node->type == Node::Type::list;
    if (is_list && (node->items.empty() || node->items.size() > kMostEscalations)) {
        alert.complain(*node, "escalate", fmt::format("needs 1 to {} steps", kMostEscalations));
        return;
    }
    Raised so_far{0ms, out.severity, out.to};
    for (std::size_t i = 0; i < (is_list ? node->items.size() : 1); ++i) {
        const Node& item = is_list ? node->items[i] : *node;
        MapReader step(item, alert.file(),
                       is_list ? fmt::format("{}[{}]", alert.path_of("escalate"), i) : alert.path_of("escalate"),
                       alert.problems());
        if (item.type == Node::Type::null) step.complain(item, "", "must be a map of keys and values");
        if (item.type != Node::Type::map) continue;
        out.escalate.push_back(read_escalation(step, options));
        check_escalation(step, out.escalate.back(), so_far);
    }
}

}  // namespace

void complain_of_empty_keys(const Node& node, std::string_view file, std::string_view path, Problems& problems) {
    for (const auto& item : node.items) complain_of_empty_keys(item, file, path, problems);
    for (const auto& entry : node.entries) {
        const auto below = path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key);
        if (entry.value.type == Node::Type::null && entry.key != "each") {
            problems.add(file, entry.place, below + " has no value; give it one or leave the key out");
        }
        complain_of_empty_keys(entry.value, file, below, problems);
    }
}

const Node* require(MapReader& map, std::string_view key) {
    if (map.node().type != Node::Type::map && map.node().type != Node::Type::null) return map.take(key);  // said already
    const std::string_view wanted[] = {key};
    const auto& entries = map.node().entries;
    const auto* given = map.node().find(key);
    if (given != nullptr && given->type == Node::Type::null) return map.take(key);  // has no value: said already
    const bool mistyped = map.node().find(key) == nullptr && std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
                              return !nearest(entry.key, wanted).empty();
                          });
    return mistyped ? map.take(key) : map.require(key);
}

std::optional<long long> read_integer(MapReader& map, std::string_view key, long long low, long long high) {
    const Node* node = map.node().find(key);
    if (node == nullptr || !node->quoted) return map.integer(key, low, high);
    map.complain(*map.take(key), key, "must be a number, without quotes");
    return std::nullopt;
}

void read_title(MapReader& rule, Rule& out) { out.title = read_text(rule, "title").value_or(Text{out.id.str(), out.id.str()}); }

void read_during(MapReader& rule, const ParseOptions& options, std::optional<Schedule>& out) {
    out = read_times(rule, "during", &options.schedules);
    if (const auto days = read_weekdays(rule)) put_weekdays(rule, "during", *days, out);
}

void read_alert(MapReader& rule, const ParseOptions& options, Placeholding placeholding, Rule& out) {
    const Node none{.type = Node::Type::map, .place = out.place};
    const Node* given = rule.take("alert");
    MapReader alert(given == nullptr ? none : *given, rule.file(), rule.path_of("alert"), rule.problems());
    if (const auto severity = alert.choice("severity", kSeverities)) out.severity = *parse_alert_severity(*severity);
    out.to = read_recipients(alert, options);
    if (options.recipients && out.to.empty() && alert.node().find("to") == nullptr) {
        rule.problems().add(out.file, out.place, fmt::format("{} tells nobody; add alert.to", out.id.str()), Severity::warning);
    }
    out.repeat_every = alert.duration("repeat_every", kWaits);
    read_escalations(alert, options, out);
    if (const auto text = read_text(alert, "text")) {
        out.text = *text;
        if (placeholding == Placeholding::judged) check_text(alert, out);
    } else {
        out.text = default_text(out);
    }
    alert.finish();
}

}  // namespace menshen::rules
