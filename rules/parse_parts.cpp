#include "rules/parse_parts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "rules/text.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, 14> kFields{"person", "household", "card",        "stranger",  "door",
                                                   "device", "side",      "method",      "certainty", "reason",
                                                   "tag",    "late",      "person.tags", "gate.tags"};
constexpr std::array<std::string_view, 2> kPlannedFields{"household.size", "origin"};
constexpr std::array<std::string_view, 2> kTagFields{"person.tags", "gate.tags"};
constexpr std::array<std::string_view, 2> kSides{"in", "out"};
constexpr std::array<std::string_view, 6> kMethods{"card", "face", "pin", "exit_button", "remote", "free"};
constexpr std::array<std::string_view, 2> kCertainties{"weak", "strong"};
constexpr std::array<std::string_view, 2> kBooleans{"true", "false"};
constexpr std::size_t kMostValues = 1000;

constexpr Millis kDay{86'400'000};

/// The values that a field with a closed set of them may have.
std::span<const std::string_view> choices_of(std::string_view field) {
    if (field == "side") return kSides;
    if (field == "method") return kMethods;
    if (field == "certainty") return kCertainties;
    if (field == "late") return kBooleans;
    return {};
}

/// Reads maps of `field: value` and `field: [values]`.
class TestsReader {
public:
    TestsReader(MapReader& rule, std::string path, std::span<const std::string_view> fields)
        : file_(rule.file()), path_(std::move(path)), problems_(rule.problems()), fields_(fields) {}

    [[nodiscard]] bool is_field(const Node::Entry& entry) {
        if (std::find(fields_.begin(), fields_.end(), entry.key) != fields_.end()) return true;
        if (entry.key.starts_with("more.") && entry.key.size() > 5 && fields_.size() == kFields.size()) return true;
        if (std::find(kPlannedFields.begin(), kPlannedFields.end(), entry.key) != kPlannedFields.end()) {
            complain(entry.place, entry.key, "is not supported by this version of Menshen");
        } else {
            complain(entry.place, entry.key, "is not known here" + suggestion(entry.key, fields_));
        }
        return false;
    }

    void read(const Node::Entry& entry, std::vector<FieldTest>& out) {
        if (!is_field(entry)) return;
        FieldTest test{entry.key.starts_with("more.") ? entry.key.substr(5) : entry.key, {}};
        for (const auto& value : values(entry)) {
            const auto choices = choices_of(entry.key);
            if (!choices.empty() && std::find(choices.begin(), choices.end(), value->scalar) == choices.end()) {
                complain(value->place, entry.key,
                         fmt::format("cannot be \"{}\"{}", value->scalar, suggestion(value->scalar, choices)));
            }
            test.values.push_back(value->scalar);
        }
        std::sort(test.values.begin(), test.values.end());
        test.values.erase(std::unique(test.values.begin(), test.values.end()), test.values.end());
        if (!test.values.empty()) out.push_back(std::move(test));
    }

    void complain(Place at, std::string_view key, std::string_view message) {
        problems_.add(file_, at, fmt::format("{}{}{} {}", path_, key.empty() ? "" : ".", key, message));
    }

private:
    std::vector<const Node*> values(const Node::Entry& entry) {
        std::vector<const Node*> out;
        if (entry.value.type == Node::Type::scalar) return {&entry.value};
        if (entry.value.type != Node::Type::list || entry.value.items.empty()) {
            complain(entry.value.place, entry.key, "needs a value or a list of values, any of which will do");
            return out;
        }
        if (entry.value.items.size() > kMostValues) {
            complain(entry.value.place, entry.key, fmt::format("has more than {} values", kMostValues));
            return out;
        }
        for (const auto& item : entry.value.items) {
            if (item.type == Node::Type::scalar) {
                out.push_back(&item);
            } else {
                complain(item.place, entry.key, "must hold plain values only");
            }
        }
        return out;
    }

    std::string file_;
    std::string path_;
    Problems& problems_;
    std::span<const std::string_view> fields_;
};

void sort_tests(std::vector<FieldTest>& tests) {
    std::sort(tests.begin(), tests.end(), [](const auto& a, const auto& b) { return a.field < b.field; });
}

void read_not(MapReader& rule, const Node& node, Where& out) {
    TestsReader reader(rule, rule.path_of("where.not"), kFields);
    if (node.type != Node::Type::map || node.entries.empty()) {
        reader.complain(node.place, "", "must be a map of fields and values");
        return;
    }
    std::vector<FieldTest> tests;
    for (const auto& entry : node.entries) reader.read(entry, tests);
    sort_tests(tests);
    if (!tests.empty()) out.none.push_back(std::move(tests));
}

std::optional<Millis> time_of_day(std::string_view text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute > 59 || hour > 24 || (hour == 24 && minute != 0)) return std::nullopt;
    return std::chrono::hours{hour} + std::chrono::minutes{minute};
}

std::optional<Text> read_text(MapReader& map, std::string_view key) {
    const Node* node = map.take(key);
    if (node == nullptr) return std::nullopt;
    if (node->type == Node::Type::scalar) return Text{node->scalar, node->scalar};
    MapReader languages(*node, map.file(), map.path_of(key), map.problems());
    Text out{languages.text("zh").value_or(""), languages.text("en").value_or("")};
    languages.finish();
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

void read_recipients(MapReader& alert, const ParseOptions& options, Rule& out) {
    const auto ids = alert.texts("to");
    const Node* node = alert.node().find("to");
    if (!ids) {
        if (options.recipients) {
            alert.problems().add(out.file, out.place, fmt::format("{} tells nobody; add alert.to", out.id.str()),
                                 Severity::warning);
        }
        return;
    }
    std::vector<std::string_view> known;
    if (options.recipients) {
        for (const auto& recipient : *options.recipients) known.push_back(recipient.id.str());
    }
    for (std::size_t i = 0; i < ids->size(); ++i) {
        const auto& id = (*ids)[i];
        const Node& at = node->type == Node::Type::list && i < node->items.size() ? node->items[i] : *node;
        if (!is_topic_safe(id)) {
            alert.complain(at, "to", fmt::format("cannot be \"{}\": ids have 1 to 32 of a-z, 0-9 and -", id));
        } else if (options.recipients && std::find(known.begin(), known.end(), id) == known.end()) {
            alert.complain(at, "to", fmt::format("names \"{}\", who is no recipient{}", id, suggestion(id, known)));
        }
        if (std::find(out.to.begin(), out.to.end(), RecipientId(id)) == out.to.end()) out.to.emplace_back(id);
    }
}

}  // namespace

Node without_planned(const Node& map, std::string_view file, std::string_view path, std::span<const std::string_view> planned,
                     Problems& problems) {
    Node out = map;
    std::erase_if(out.entries, [&](const Node::Entry& entry) {
        if (std::find(planned.begin(), planned.end(), entry.key) == planned.end()) return false;
        problems.add(file, entry.place, fmt::format("{}.{} is not supported by this version of Menshen", path, entry.key));
        return true;
    });
    return out;
}

const Node* require(MapReader& map, std::string_view key) {
    if (map.node().type != Node::Type::map && map.node().type != Node::Type::null) return map.take(key);  // said already
    const std::string_view wanted[] = {key};
    const auto& entries = map.node().entries;
    const bool mistyped = map.node().find(key) == nullptr && std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
                              return !nearest(entry.key, wanted).empty();
                          });
    return mistyped ? map.take(key) : map.require(key);
}

void read_where(MapReader& rule, Where& out) {
    const Node* node = rule.take("where");
    if (node == nullptr) return;
    TestsReader reader(rule, rule.path_of("where"), kFields);
    if (node->type != Node::Type::map) {
        reader.complain(node->place, "", "must be a map of fields and values");
        return;
    }
    for (const auto& entry : node->entries) {
        if (entry.key != "not") {
            reader.read(entry, out.all);
        } else if (entry.value.type == Node::Type::list) {
            for (const auto& item : entry.value.items) read_not(rule, item, out);
        } else {
            read_not(rule, entry.value, out);
        }
    }
    sort_tests(out.all);
}

void read_unless(MapReader& rule, const Rule& so_far, std::vector<FieldTest>& out) {
    const Node* node = rule.take("unless");
    if (node == nullptr) return;
    TestsReader reader(rule, rule.path_of("unless"), kTagFields);
    if (node->type != Node::Type::map) {
        reader.complain(node->place, "", "must be a map, as in {person.tags: away}");
        return;
    }
    for (const auto& entry : node->entries) {
        reader.read(entry, out);
        if (entry.key == "person.tags" && so_far.condition.index() == 1 && so_far.per != Per::person) {
            reader.complain(entry.place, entry.key, "beside absent needs `per: person`: nobody else has tags");
        }
    }
    sort_tests(out);
}

void read_during(MapReader& rule, std::optional<Schedule>& out) {
    const auto text = rule.text("during");
    if (!text) return;
    const Node& node = *rule.node().find("during");
    const auto dash = text->find('-');
    const auto from = time_of_day(text->substr(0, dash));
    const auto to = dash == std::string::npos ? std::nullopt : time_of_day(text->substr(dash + 1));
    if (!from || !to || *from == kDay) {
        rule.complain(
            node, "during",
            fmt::format("must be a time of day as in \"22:00-06:00\", got \"{}\"; names of schedules are not supported by "
                        "this version of Menshen",
                        *text));
    } else if (*from == *to) {
        rule.complain(node, "during", "is empty; for the whole day write \"00:00-24:00\" or leave it out");
    } else {
        out = Schedule{{{{}, During{*from, *to}}}};
    }
}

void read_title(MapReader& rule, Rule& out) { out.title = read_text(rule, "title").value_or(Text{out.id.str(), out.id.str()}); }

void read_alert(MapReader& rule, const ParseOptions& options, Placeholding placeholding, Rule& out) {
    constexpr std::array<std::string_view, 4> planned{"repeat_every", "escalate", "notify_between", "evidence"};
    constexpr std::array<std::string_view, 3> severities{"info", "warning", "critical"};
    const Node none{.type = Node::Type::map, .place = out.place};
    const Node* given = rule.take("alert");
    const Node node =
        without_planned(given == nullptr ? none : *given, rule.file(), rule.path_of("alert"), planned, rule.problems());
    MapReader alert(node, rule.file(), rule.path_of("alert"), rule.problems());
    if (const auto severity = alert.choice("severity", severities)) out.severity = *parse_alert_severity(*severity);
    read_recipients(alert, options, out);
    if (const auto text = read_text(alert, "text")) {
        out.text = *text;
        if (placeholding == Placeholding::judged) check_text(alert, out);
    } else {
        out.text = default_text(out);
    }
    alert.finish();
}

}  // namespace menshen::rules
