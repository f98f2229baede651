// Test files -> tests.

#include <algorithm>
#include <array>
#include <charconv>

#include "core/document.hpp"
#include "rules/local_time.hpp"
#include "rules/rule_test.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, 4> kStates{"pending", "firing", "acknowledged", "resolved"};
constexpr std::array<std::string_view, 3> kSeverities{"info", "warning", "critical"};
constexpr std::array<std::string_view, 4> kCloseReasons{"true", "false", "well", "duplicate"};

/// A plain scalar as YAML 1.2 would read it: truth values and whole numbers are what they look like, the rest is text.
Value value_of(const Node& node) {
    if (!node.quoted) {
        if (node.scalar == "true" || node.scalar == "false") return node.scalar == "true";
        std::int64_t number = 0;
        const char* end = node.scalar.data() + node.scalar.size();
        const auto [rest, error] = std::from_chars(node.scalar.data(), end, number);
        if (error == std::errc{} && rest == end) return number;
    }
    return node.scalar;
}

/// Reads one file; what every map of it needs.
class FileReader {
public:
    FileReader(std::string_view file, Problems& problems) : file_(file), problems_(problems) { out_.file = file; }

    std::optional<RuleTestFile> read(const Node& root);

private:
    void read_head(MapReader& map);
    void read_test(const Node& node, std::size_t index);
    void read_steps(MapReader& map, const std::string& path, RuleTest& test);
    void read_step(const Node& node, const std::string& path, RuleTest& test);
    std::optional<Record> read_record(MapReader& map);
    std::optional<Record> read_mute(MapReader& map);
    std::optional<PersonSays> read_person(MapReader& map, std::string_view verb, PersonSays::What what);
    void read_more(MapReader& map, Record& record);
    void read_alerts(MapReader& map, const std::string& path, RuleTest& test);
    std::optional<ExpectedChange> read_expected(const Node& node, const std::string& path, const RuleTest& test);
    void read_evidence(MapReader& map, ExpectedChange& out);
    std::optional<Stamp> read_time(MapReader& map, std::string_view key);

    std::string file_;
    Problems& problems_;
    RuleTestFile out_;
};

std::optional<Stamp> FileReader::read_time(MapReader& map, std::string_view key) {
    const auto text = map.text(key);
    if (!text) return std::nullopt;
    const auto stamp = parse_local_time(*text, out_.zone);
    if (stamp) return *stamp;
    map.complain(*map.node().find(key), key, fmt::format("cannot be used: {}", stamp.error().message));
    return std::nullopt;
}

std::optional<RuleTestFile> FileReader::read(const Node& root) {
    if (root.type == Node::Type::null) {
        problems_.add(file_, {1, 1}, "the file is empty; it needs `rule_files` and `tests`");
        return std::nullopt;
    }
    MapReader map(root, file_, "", problems_);
    read_head(map);
    const Node* tests = root.type == Node::Type::map ? map.require("tests") : nullptr;
    if (tests != nullptr && tests->type != Node::Type::list) {
        map.complain(*tests, "tests", "must be a list, each item led by a dash");
    } else if (tests != nullptr) {
        if (tests->items.empty()) map.complain(*tests, "tests", "must hold at least one test");
        for (std::size_t i = 0; i < tests->items.size(); ++i) read_test(tests->items[i], i);
    }
    map.finish();
    if (problems_.has_errors()) return std::nullopt;
    return std::move(out_);
}

void FileReader::read_head(MapReader& map) {
    if (map.node().type == Node::Type::map && map.require("rule_files") != nullptr) {
        out_.rule_files = map.texts("rule_files").value_or(std::vector<std::string>{});
        if (out_.rule_files.empty()) map.complain(*map.node().find("rule_files"), "rule_files", "must name at least one file");
    }
    out_.calendar = map.text("calendar").value_or("");
    out_.recipients = map.text("recipients").value_or("");
    out_.legal_basis = map.text("legal_basis").value_or("");
    out_.gate = map.text("gate").value_or("gate");
    const auto name = map.text("zone");
    if (!name) return;
    if (const auto fixed = parse_stamp("2026-01-01T00:00" + *name)) {
        out_.zone = Zone(fixed->offset);
    } else if (auto zone = Zone::find(*name)) {
        out_.zone = *zone;
    } else {
        map.complain(*map.node().find("zone"), "zone",
                     fmt::format("cannot be used: {}; or an offset: \"+08:00\"", zone.error().message));
    }
}

void FileReader::read_test(const Node& node, std::size_t index) {
    auto path = fmt::format("tests[{}]", index);
    MapReader map(node, file_, path, problems_);
    RuleTest test;
    test.place = node.place;
    if (node.type != Node::Type::map) {
        if (node.type == Node::Type::null) map.complain(node, "", "must be a map of keys and values");
        return;
    }
    test.name = map.required_text("name").value_or("");
    if (!test.name.empty()) path = test.name;
    test.rules = map.texts("rules").value_or(std::vector<std::string>{});
    read_steps(map, path, test);
    test.until = read_time(map, "until");
    if (test.until && !test.steps.empty() && test.until->time < test.steps.back().at.time) {
        map.complain(*map.node().find("until"), "until",
                     fmt::format("lies before the last record ({})", to_text(test.steps.back().at)));
    }
    read_alerts(map, path, test);
    map.finish();
    out_.tests.push_back(std::move(test));
}

void FileReader::read_steps(MapReader& map, const std::string& path, RuleTest& test) {
    const Node* records = map.require("records");
    if (records == nullptr) return;
    if (records->type != Node::Type::list) return map.complain(*records, "records", "must be a list, each item led by a dash");
    std::optional<Stamp> last;
    for (std::size_t i = 0; i < records->items.size(); ++i) {
        const auto first = test.steps.size();
        read_step(records->items[i], fmt::format("{}: records[{}]", path, i), test);
        if (first == test.steps.size()) continue;
        const auto at = test.steps[first].at;
        if (last && at.time < last->time) {
            problems_.add(file_, records->items[i].place,
                          fmt::format("{}: records[{}] lies before the record above it; they must ascend in `at`", path, i));
        }
        last = at;
        if (test.steps.size() > kMostTestSteps) {
            problems_.add(file_, records->items[i].place, fmt::format("{}: more than {} records", path, kMostTestSteps));
            return;
        }
    }
    std::stable_sort(test.steps.begin(), test.steps.end(),
                     [](const TestStep& a, const TestStep& b) { return a.at.time < b.at.time; });
}

void FileReader::read_step(const Node& node, const std::string& path, RuleTest& test) {
    MapReader map(node, file_, path, problems_);
    if (node.type != Node::Type::map) {
        if (node.type == Node::Type::null) map.complain(node, "", "must be a map of keys and values");
        return;
    }
    std::optional<Stamp> at;
    if (map.require("at") != nullptr) at = read_time(map, "at");
    const auto every = map.duration("every", {1ms, std::chrono::hours{24 * 366}});
    const auto times = map.integer("times", 1, kMostTestSteps);
    if (every.has_value() != times.has_value()) map.complain(node, "", "needs both `every` and `times` to repeat itself");

    std::optional<std::variant<Record, PersonSays>> what;
    const auto put = [&](auto&& found) {
        if (found) what = std::move(*found);
    };
    if (map.take("ack") != nullptr) {
        put(read_person(map, "ack", PersonSays::What::acknowledge));
    } else if (map.take("snooze") != nullptr) {
        put(read_person(map, "snooze", PersonSays::What::snooze));
    } else if (map.take("close") != nullptr) {
        put(read_person(map, "close", PersonSays::What::close));
    } else if (map.take("note") != nullptr) {
        put(read_person(map, "note", PersonSays::What::note));
    } else if (map.take("mute") != nullptr) {
        put(read_mute(map));
    } else {
        put(read_record(map));
    }
    map.finish();
    if (!at || !what) return;
    for (long long i = 0; i < times.value_or(1) && test.steps.size() <= kMostTestSteps; ++i) {
        auto moment = out_.zone.at(at->time + every.value_or(0ms) * i);
        if (i == 0) moment = *at;
        test.steps.push_back({node.place, moment, *what});
        if (auto* record = std::get_if<Record>(&test.steps.back().what)) record->at = moment;
    }
}

std::optional<Record> FileReader::read_record(MapReader& map) {
    Record r;
    const auto kind = map.require("kind") == nullptr ? std::nullopt : map.choice("kind", kind_names());
    if (kind) r.kind = *parse_kind(*kind);
    if (kind && r.kind == Kind::alert) {
        map.complain(*map.node().find("kind"), "kind",
                     "cannot be \"alert\": the rules make these; write ack, snooze, note or close");
    }
    const auto id = [&](std::string_view key, auto& out) {
        if (auto text = map.text(key)) out = std::remove_reference_t<decltype(out)>(std::move(*text));
    };
    id("person", r.person);
    id("household", r.household);
    id("card", r.card);
    id("stranger", r.stranger);
    id("door", r.door);
    id("device", r.device);
    id("origin", r.origin);
    r.reason = map.text("reason").value_or("");
    r.tag = map.text("tag").value_or("");
    r.household_size = static_cast<std::uint32_t>(map.integer("household_size", 0, 1000).value_or(0));
    r.person_tags = map.texts("person_tags").value_or(std::vector<std::string>{});
    std::sort(r.person_tags.begin(), r.person_tags.end());
    if (const auto side = map.choice("side", kSides)) r.side = parse_side(*side);
    if (const auto method = map.choice("method", kMethods)) r.method = parse_method(*method);
    if (const auto certainty = map.choice("certainty", kCertainties)) r.certainty = parse_certainty(*certainty);
    r.late = map.boolean("late").value_or(false);
    r.wall_is_trusted = map.boolean("wall_is_trusted").value_or(true);
    if (const auto mono = map.duration("mono", {0ms, std::chrono::hours{24 * 3660}})) r.mono = MonoTime{*mono};
    r.boot = static_cast<std::uint32_t>(map.integer("boot", 0, 1'000'000).value_or(0));
    read_more(map, r);
    if (!kind) return std::nullopt;
    return r;
}

/// Fields that only some kinds have stand in a map of their own, so that a misspelt `persn` is a mistake and not such a field.
void FileReader::read_more(MapReader& map, Record& record) {
    const Node* more = map.take("more");
    if (more == nullptr) return;
    if (more->type != Node::Type::map) return map.complain(*more, "more", "must be a map of keys and values");
    for (const auto& entry : more->entries) {
        const auto& node = entry.value;
        if (node.type == Node::Type::scalar) {
            record.more[entry.key] = value_of(node);
        } else if (node.type == Node::Type::list) {
            std::vector<std::string> texts;
            for (const auto& item : node.items) texts.push_back(item.scalar);
            record.more[entry.key] = std::move(texts);
        } else {
            map.complain(node, "more." + entry.key, "must be a value or a list of texts");
        }
    }
    // Times are written as in the rest of the file, and are RFC 3339 in records.
    for (const char* key : {"until", "alive"}) {
        const auto it = record.more.find(key);
        auto* text = it == record.more.end() ? nullptr : std::get_if<std::string>(&it->second);
        if (text == nullptr) continue;
        const auto stamp = parse_local_time(*text, out_.zone);
        if (stamp) {
            *text = to_text(*stamp);
        } else {
            map.complain(*more->find(key), fmt::format("more.{}", key), fmt::format("cannot be used: {}", stamp.error().message));
        }
    }
}

std::optional<Record> FileReader::read_mute(MapReader& map) {
    const Node& node = *map.node().find("mute");
    MapReader mute(node, file_, map.path_of("mute"), problems_);
    Record r;
    r.kind = Kind::mute;
    if (const auto rule = mute.required_text("rule")) r.more["rule"] = *rule;
    if (const auto subject = mute.text("subject")) r.more["subject"] = *subject;
    if (mute.require("until") != nullptr) {
        if (const auto until = read_time(mute, "until")) r.more["until"] = to_text(*until);
    }
    r.reason = mute.text("reason").value_or("");
    r.more["by"] = mute.text("by").value_or("test");
    mute.finish();
    return r;
}

std::optional<PersonSays> FileReader::read_person(MapReader& map, std::string_view verb, PersonSays::What what) {
    const Node& node = *map.node().find(verb);
    MapReader says(node, file_, map.path_of(verb), problems_);
    PersonSays out;
    out.what = what;
    out.rule = RuleId(says.required_text("rule").value_or(""));
    out.subject = says.required_text("subject").value_or("");
    out.by = says.text("by").value_or("test");
    out.note = says.text("note").value_or("");
    if (what == PersonSays::What::snooze) static_cast<void>(says.require("until"));
    if (what == PersonSays::What::acknowledge || what == PersonSays::What::snooze) out.until = read_time(says, "until");
    if (what == PersonSays::What::close && says.require("reason") != nullptr) {
        out.reason = says.choice("reason", kCloseReasons).value_or("");
    }
    says.finish();
    return out;
}

void FileReader::read_alerts(MapReader& map, const std::string& path, RuleTest& test) {
    // An empty list must be written: a test that forgot what to expect would pass with silent rules.
    static_cast<void>(map.take("alerts"));
    const Node* alerts = map.node().find("alerts");
    if (alerts == nullptr || alerts->type == Node::Type::null) {
        return map.complain(alerts == nullptr ? map.node() : *alerts, "alerts",
                            "is missing; write `alerts: []` when none may fire");
    }
    if (alerts->type != Node::Type::list) return map.complain(*alerts, "alerts", "must be a list, each item led by a dash");
    for (std::size_t i = 0; i < alerts->items.size(); ++i) {
        if (auto change = read_expected(alerts->items[i], fmt::format("{}: alerts[{}]", path, i), test)) {
            test.alerts.push_back(std::move(*change));
        }
    }
}

std::optional<ExpectedChange> FileReader::read_expected(const Node& node, const std::string& path, const RuleTest& test) {
    MapReader map(node, file_, path, problems_);
    ExpectedChange out;
    out.place = node.place;
    const auto errors = problems_.errors();
    if (node.type != Node::Type::map) {
        if (node.type == Node::Type::null) map.complain(node, "", "must be a map of keys and values");
        return std::nullopt;
    }
    if (map.require("at") != nullptr) out.at = read_time(map, "at").value_or(Stamp{});
    // With one rule named for the whole test it need not be said each time.
    const auto rule =
        test.rules.size() == 1 ? map.text("rule").value_or(test.rules.front()) : map.required_text("rule").value_or("");
    out.rule = RuleId(rule);
    out.subject = map.required_text("subject").value_or("");
    if (map.require("state") != nullptr) {
        if (const auto state = map.choice("state", kStates)) out.state = *parse_alert_state(*state);
    }
    if (const auto severity = map.choice("severity", kSeverities)) out.severity = parse_alert_severity(*severity);
    out.to = map.texts("to");
    if (map.node().find("to") != nullptr && !out.to) out.to.emplace();
    if (out.to) std::sort(out.to->begin(), out.to->end());
    for (const char* key : {"text_zh", "text_en", "reason", "by", "note", "per"}) {
        if (const auto text = map.text(key)) out.texts[key] = *text;
    }
    out.until = read_time(map, "until");
    read_evidence(map, out);
    map.finish();
    if (problems_.errors() != errors) return std::nullopt;
    return out;
}

void FileReader::read_evidence(MapReader& map, ExpectedChange& out) {
    const Node* evidence = map.take("evidence");
    if (evidence == nullptr) return;
    if (evidence->type != Node::Type::map) return map.complain(*evidence, "evidence", "must be a map of keys and values");
    for (const auto& entry : evidence->entries) {
        auto& value = out.evidence[entry.key];
        if (entry.value.type == Node::Type::scalar) value = entry.value.scalar;
        if (entry.value.type == Node::Type::list) {
            value.emplace();
            for (const auto& item : entry.value.items) *value += (value->empty() ? "" : ", ") + item.scalar;
        }
    }
}

}  // namespace

std::optional<RuleTestFile> parse_rule_test(std::string_view file, std::string_view text, Problems& problems) {
    const auto root = parse_document(file, text, problems);
    if (!root) return std::nullopt;
    Problems own;
    auto out = FileReader(file, own).read(*root);
    for (const auto& problem : own.all()) problems.add(problem.file, problem.place, problem.message, problem.severity);
    return out;
}

}  // namespace menshen::rules
