#include "rules/parse.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "rules/parse_hash.hpp"
#include "rules/parse_parts.hpp"
#include "rules/parse_schedule.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, kPerCount> kPers{"gate", "person", "household", "card", "stranger", "door"};
bool tests_strangers(const std::vector<FieldTest>& tests) {
    return std::any_of(tests.begin(), tests.end(),
                       [](const FieldTest& test) { return test.field == "stranger" || test.field == "stranger.label"; });
}

bool names_strangers(std::string_view text) {
    const auto found = placeholders_of(text).names;
    return std::find(found.begin(), found.end(), "stranger") != found.end();
}

bool watches_faces(const std::vector<Kind>& watch) {
    return std::binary_search(watch.begin(), watch.end(), Kind::face_seen) ||
           std::binary_search(watch.begin(), watch.end(), Kind::card_face);
}

bool tests_strangers(const Where& where) {
    return tests_strangers(where.all) ||
           std::any_of(where.none.begin(), where.none.end(), [](const auto& tests) { return tests_strangers(tests); });
}

bool compares_strangers(Of of) { return of == Of::who || of == Of::stranger; }

bool uses_strangers(const Condition& condition) {
    if (const auto* distinct = std::get_if<Distinct>(&condition)) return compares_strangers(distinct->of);
    const auto* b = std::get_if<Sequence>(&condition);
    return b != nullptr && (watches_faces(b->watch) || tests_strangers(b->where) || compares_strangers(b->differs));
}

bool uses_strangers(const Rule& rule) {
    return rule.per == Per::stranger || watches_faces(rule.watch) || tests_strangers(rule.where) ||
           uses_strangers(rule.condition) || names_strangers(rule.text.zh) || names_strangers(rule.text.en);
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

void read_scope(MapReader& map) {
    constexpr std::array<std::string_view, 2> scopes{"gate", "site"};
    if (map.choice("scope", scopes).value_or("gate") == "gate") return;
    map.complain(*map.node().find("scope"), "scope",
                 "cannot be \"site\": that is not supported by this version of Menshen; leave the key out");
}

Rule read_rule(const Node& given, const std::string& file, std::size_t index, const ParseOptions& options, Problems& problems) {
    const auto path = path_of(given, index);
    MapReader map(given, file, path, problems);
    Rule rule;
    rule.file = file;
    rule.place = given.place;
    if (given.type != Node::Type::map) {
        if (given.type == Node::Type::null) map.complain(given, "", "must be a map of keys and values");
        return rule;
    }
    complain_of_empty_keys(given, file, path, problems);
    read_id(map, rule);
    read_title(map, rule);
    read_watch(map, rule.watch);
    read_where(map, rule.where);
    const auto per = map.choice("per", kPers);
    if (per) rule.per = static_cast<Per>(std::find(kPers.begin(), kPers.end(), *per) - kPers.begin());
    read_scope(map);
    const bool is_sound = read_condition(map, rule) && (per || given.find("per") == nullptr);
    read_unless(map, rule, rule.unless);
    read_during(map, options, rule.during);
    rule.notify_between = read_times(map, "notify_between", &options.schedules);
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
        const auto collect_where = [&](const Where& where) {
            collect(where.all);
            for (const auto& tests : where.none) collect(tests);
        };
        collect_where(rule.where);
        collect(rule.unless);
        if (const auto* sequence = std::get_if<Sequence>(&rule.condition)) collect_where(sequence->where);
        if (tags.size() <= kMostTags) continue;
        problems.add(rule.file, rule.place, fmt::format("the rules name more than {} different tags", kMostTags));
        return;
    }
}

}  // namespace

void read_watch(MapReader& map, std::vector<Kind>& out) {
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
            out.push_back(*kind);
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
}

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
