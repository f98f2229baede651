#include "rules/parse.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/digest.hpp"
#include "rules/parse_parts.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, kPerCount> kPers{"gate", "person", "household", "card", "stranger", "door"};
constexpr std::array<std::string_view, 14> kPlanned{"notify_between", "repeat_every", "escalate", "scope",  "mute",
                                                    "distinct",       "baseline",     "sequence", "budget", "weekdays",
                                                    "holidays",       "schedule",     "label",    "differs"};

/// Text in which no value can run into the next one: each is led by its length.
class Canonical {
public:
    void put(std::string_view value) { out_ += fmt::format("{}:{};", value.size(), value); }
    void put(std::int64_t value) { out_ += fmt::format("{};", value); }
    void put(const std::vector<FieldTest>& tests) {
        put(static_cast<std::int64_t>(tests.size()));
        for (const auto& test : tests) {
            put(test.field);
            put(static_cast<std::int64_t>(test.values.size()));
            for (const auto& value : test.values) put(value);
        }
    }
    [[nodiscard]] std::string hash() const { return to_hex(sha256(out_)).substr(0, 16); }

private:
    std::string out_;
};

void put_condition(Canonical& out, const Condition& condition) {
    out.put(name_of(condition));
    std::visit(Match{
                   [&](const Each& each) { out.put(each.cooldown.count()); },
                   [&](const Absent& absent) { out.put(absent.duration.count()); },
                   [&](const Count& count) {
                       out.put(count.over.count());
                       out.put(count.limit.more_than);
                   },
                   [&](const Days& days) {
                       out.put(days.consecutive);
                       out.put(days.at_least);
                       out.put(days.within);
                   },
                   [](const auto&) {},
               },
               condition);
}

std::string hash_of(const Rule& rule) {
    Canonical out;
    out.put("rule 1");
    out.put(rule.id.str());
    out.put(static_cast<std::int64_t>(rule.watch.size()));
    for (const auto kind : rule.watch) out.put(to_text(kind));
    out.put(rule.where.all);
    out.put(static_cast<std::int64_t>(rule.where.none.size()));
    for (const auto& tests : rule.where.none) out.put(tests);
    out.put(to_text(rule.per));
    put_condition(out, rule.condition);
    out.put(rule.unless);
    out.put(rule.during ? rule.during->spans.front().time.from.count() : -1);
    out.put(rule.during ? rule.during->spans.front().time.to.count() : -1);
    out.put(static_cast<std::int64_t>(rule.resolve));
    out.put(rule.open_for.count());
    return out.hash();
}

std::string hash_of(const RuleSet& set) {
    Canonical out;
    for (const auto& rule : set.rules) {
        out.put(rule.version());
        for (const auto& text : {rule.title.zh, rule.title.en, rule.text.zh, rule.text.en, rule.legal_basis}) out.put(text);
        out.put(to_text(rule.severity));
        out.put(static_cast<std::int64_t>(rule.to.size()));
        for (const auto& to : rule.to) out.put(to.str());
    }
    return out.hash();
}

void read_watch(MapReader& map, Rule& rule) {
    if (require(map, "watch") == nullptr) return;
    const auto kinds = map.texts("watch");
    if (!kinds) return;
    const Node& node = *map.node().find("watch");
    if (kinds->empty()) map.complain(node, "watch", "must name at least one kind of record");
    for (std::size_t i = 0; i < kinds->size(); ++i) {
        const auto& name = (*kinds)[i];
        const Node& at = node.type == Node::Type::list && i < node.items.size() ? node.items[i] : node;
        const auto kind = parse_kind(name);
        if (!kind) {
            map.complain(at, "watch", fmt::format("cannot be \"{}\"{}", name, suggestion(name, kind_names())));
        } else if (*kind == Kind::alert) {
            map.complain(at, "watch", "cannot be \"alert\": an alert about alerts would raise itself");
        } else {
            rule.watch.push_back(*kind);
        }
    }
    std::sort(rule.watch.begin(), rule.watch.end());
    rule.watch.erase(std::unique(rule.watch.begin(), rule.watch.end()), rule.watch.end());
}

bool tests_strangers(const std::vector<FieldTest>& tests) {
    return std::any_of(tests.begin(), tests.end(), [](const FieldTest& test) { return test.field == "stranger"; });
}

bool names_strangers(std::string_view text) {
    const auto found = placeholders_of(text).names;
    return std::find(found.begin(), found.end(), "stranger") != found.end();
}

bool uses_strangers(const Rule& rule) {
    const auto watches = [&](Kind kind) { return std::binary_search(rule.watch.begin(), rule.watch.end(), kind); };
    return rule.per == Per::stranger || watches(Kind::face_seen) || watches(Kind::card_face) || tests_strangers(rule.where.all) ||
           std::any_of(rule.where.none.begin(), rule.where.none.end(), tests_strangers) || names_strangers(rule.text.zh) ||
           names_strangers(rule.text.en);
}

/// What a rule's messages begin with: its id where it has one.
std::string path_of(const Node& node, std::size_t index) {
    const Node* id = node.find("id");
    return id != nullptr && is_topic_safe(id->scalar) ? id->scalar : fmt::format("rules[{}]", index);
}

void read_id(MapReader& map, Rule& rule) {
    const auto id = require(map, "id") == nullptr ? std::nullopt : map.text("id");
    if (!id) return;
    if (is_topic_safe(*id)) {
        rule.id = RuleId(*id);
    } else {
        map.complain(*map.node().find("id"), "id", fmt::format("cannot be \"{}\": ids have 1 to 32 of a-z, 0-9 and -", *id));
    }
}

Rule read_rule(const Node& given, const std::string& file, std::size_t index, const ParseOptions& options, Problems& problems) {
    const auto path = path_of(given, index);
    const Node node = without_planned(given, file, path, kPlanned, problems);
    MapReader map(node, file, path, problems);
    Rule rule;
    rule.file = file;
    rule.place = given.place;
    if (given.type != Node::Type::map) {
        if (given.type == Node::Type::null) map.complain(given, "", "must be a map of keys and values");
        return rule;
    }
    read_id(map, rule);
    read_title(map, rule);
    read_watch(map, rule);
    read_where(map, rule.where);
    const auto per = map.choice("per", kPers);
    if (per) rule.per = static_cast<Per>(std::find(kPers.begin(), kPers.end(), *per) - kPers.begin());
    const bool is_sound = read_condition(map, given, rule) && (per || node.find("per") == nullptr);
    read_unless(map, rule, rule.unless);
    read_during(map, rule.during);
    constexpr std::array<std::string_view, 2> resolves{"auto", "manual"};
    if (map.choice("resolve", resolves).value_or("auto") == "manual") rule.resolve = Resolve::manual;
    read_alert(map, options, is_sound ? Placeholding::judged : Placeholding::unknown, rule);
    rule.legal_basis = map.text("legal_basis").value_or("");
    map.finish();
    rule.uses_strangers = uses_strangers(rule);
    if (!rule.active()) {
        problems.add(file, given.place,
                     fmt::format("{} uses faces or strangers: it does nothing until `legal_basis` stands in it", path),
                     Severity::warning);
    }
    rule.hash = hash_of(rule);
    return rule;
}

void read_file(const RuleFile& file, const ParseOptions& options, RuleSet& out, Problems& problems) {
    const auto root = parse_document(file.name, file.text, problems);
    if (!root) return;
    MapReader map(*root, file.name, "", problems);
    const Node* rules = root->type == Node::Type::map ? map.require("rules") : nullptr;
    if (root->type == Node::Type::null) problems.add(file.name, {1, 1}, "the file is empty; it needs a list `rules`");
    if (rules != nullptr && rules->type != Node::Type::list)
        map.complain(*rules, "rules", "must be a list, each item led by a dash");
    map.finish();
    if (rules == nullptr) return;
    for (std::size_t i = 0; i < rules->items.size(); ++i) {
        auto rule = read_rule(rules->items[i], file.name, i, options, problems);
        if (out.rules.size() < kMostRules) {
            out.rules.push_back(std::move(rule));
        } else {
            problems.add(file.name, rules->items[i].place, fmt::format("more than {} rules", kMostRules));
            return;
        }
    }
}

void check_twins(const RuleSet& set, Problems& problems) {
    for (std::size_t i = 1; i < set.rules.size(); ++i) {
        const auto& first = set.rules[i - 1];
        const auto& second = set.rules[i];
        if (first.id.empty() || first.id != second.id) continue;
        problems.add(second.file, second.place,
                     fmt::format("the id {} is taken by {}:{}", second.id.str(), first.file, first.place.line));
    }
}

void check_tags(const RuleSet& set, Problems& problems) {
    std::set<std::string> tags;
    for (const auto& rule : set.rules) {
        const auto collect = [&](const std::vector<FieldTest>& tests) {
            for (const auto& test : tests) {
                if (test.field.ends_with(".tags")) tags.insert(test.values.begin(), test.values.end());
            }
        };
        collect(rule.where.all);
        collect(rule.unless);
        for (const auto& tests : rule.where.none) collect(tests);
        if (tags.size() <= kMostTags) continue;
        problems.add(rule.file, rule.place, fmt::format("the rules name more than {} different tags", kMostTags));
        return;
    }
}

}  // namespace

std::optional<RuleSet> parse_rules(std::span<const RuleFile> files, const ParseOptions& options, Problems& problems) {
    RuleSet set;
    for (const auto& file : files) read_file(file, options, set, problems);
    std::stable_sort(set.rules.begin(), set.rules.end(), [](const Rule& a, const Rule& b) { return a.id < b.id; });
    check_twins(set, problems);
    check_tags(set, problems);
    if (problems.has_errors()) return std::nullopt;
    if (options.recipients) set.recipients = *options.recipients;
    set.calendar = options.calendar;
    set.hash = hash_of(set);
    return set;
}

}  // namespace menshen::rules
