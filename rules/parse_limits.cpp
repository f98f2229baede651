// The parts that conditions share: budgets, limits, and the other half of a sequence.

#include <algorithm>
#include <array>
#include <charconv>

#include "rules/parse_parts.hpp"

namespace menshen::rules {

namespace {

constexpr Millis kDay{86'400'000};
constexpr double kLeastBudget = 0.001;
constexpr double kLargestBudget = 1000;

template <class T>
std::optional<T> number_of(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Digits with at most one point among them: what from_chars() would take besides (inf, 1e9) is no count of alerts.
bool is_plain_number(std::string_view text) {
    const auto point = text.find('.');
    const auto all_digits = [](std::string_view part) {
        return !part.empty() && part.size() <= 9 && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    return all_digits(text.substr(0, point)) && (point == std::string_view::npos || all_digits(text.substr(point + 1)));
}

/// "4 per 30d" -> alerts in 30 days.
std::optional<double> rate_of(std::string_view text) {
    constexpr std::string_view per = " per ";
    const auto at = text.find(per);
    if (at == std::string_view::npos || !is_plain_number(text.substr(0, at))) return std::nullopt;
    const auto number = number_of<double>(text.substr(0, at));
    const auto over = parse_duration(text.substr(at + per.size()));
    if (!number || !over || *over <= 0ms) return std::nullopt;
    return *number * static_cast<double>((kDay * 30).count()) / static_cast<double>(over->count());
}

/// "+2", "-1" or "2": how many more than the household has.
std::optional<std::int32_t> plus_of(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    const auto plus = number_of<std::int32_t>(text);
    return plus && *plus >= -100 && *plus <= 1000 ? plus : std::nullopt;
}

Limit read_household_limit(MapReader& limit, Per per) {
    Limit out{.by_household = true, .when_unknown = {}};
    if (per != Per::person && per != Per::household && per != Per::card) {
        limit.complain(limit.node(), "",
                       "by household.size needs `per: person`, `household` or `card`: nothing else has a household");
    }
    if (require(limit, "household.size") != nullptr) {
        if (const auto text = limit.text("household.size")) {
            const Node& node = *limit.node().find("household.size");
            const auto plus = node.quoted ? std::nullopt : plus_of(*text);
            if (!plus) {
                limit.complain(
                    node, "household.size",
                    fmt::format("must be how many more than the household has, as in +2, from -100 to 1000, got \"{}\"", *text));
            }
            out.plus = plus.value_or(0);
        }
    }
    if (const auto unknown = read_integer(limit, "unknown", 0, 10'000)) out.when_unknown = static_cast<std::uint32_t>(*unknown);
    limit.finish();
    return out;
}

Sequence::Form read_form(MapReader& sequence, std::string_view& key) {
    constexpr std::array<std::string_view, 3> names{"then", "then_not", "not_before"};
    Sequence::Form form = Sequence::Form::then;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (const Node* node = sequence.take(names[i])) {
            if (!key.empty()) {
                sequence.complain(*node, names[i], fmt::format("cannot stand beside {}; keep one of them", key));
                continue;
            }
            key = names[i];
            form = static_cast<Sequence::Form>(i);
        }
    }
    return form;
}

void read_other_half(MapReader& b, Sequence& out) {
    constexpr std::array<std::string_view, 8> names{"door", "person", "who", "card", "stranger", "household", "device", "side"};
    constexpr std::array<Of, 8> values{Of::door,     Of::person,    Of::who,    Of::card,
                                       Of::stranger, Of::household, Of::device, Of::side};
    read_watch(b, out.watch);
    read_where(b, out.where);
    if (const auto differs = b.choice("differs", names)) {
        out.differs = values[static_cast<std::size_t>(std::find(names.begin(), names.end(), *differs) - names.begin())];
        if (out.form != Sequence::Form::then) {
            b.complain(*b.node().find("differs"), "differs", "belongs to `then` only");
        }
    }
    b.finish();
}

}  // namespace

Budget read_budget(MapReader& condition) {
    Budget out;
    if (require(condition, "budget") != nullptr) {
        if (const auto text = condition.text("budget")) {
            const auto rate = rate_of(*text);
            const Node& node = *condition.node().find("budget");
            if (!rate) {
                condition.complain(node, "budget",
                                   fmt::format("must be a number of alerts in a time, as in \"4 per 30d\", got \"{}\"", *text));
            } else if (*rate < kLeastBudget || *rate > kLargestBudget) {
                condition.complain(node, "budget",
                                   fmt::format("must be from {} to {} per 30d, got \"{}\"", kLeastBudget, kLargestBudget, *text));
            } else {
                out.alerts_per_30d = *rate;
            }
        }
    }
    out.per_subject = condition.boolean("per_subject").value_or(false);
    return out;
}

Limit read_limit(MapReader& condition, Per per) {
    const Node* node = require(condition, "more_than");
    if (node == nullptr) return {};
    if (node->type == Node::Type::map) {
        MapReader limit(*node, condition.file(), condition.path_of("more_than"), condition.problems());
        return read_household_limit(limit, per);
    }
    return {.more_than = static_cast<std::uint32_t>(read_integer(condition, "more_than", 0, 10'000).value_or(1)),
            .when_unknown = {}};
}

Sequence read_sequence(MapReader& rule) {
    MapReader map(*rule.node().find("sequence"), rule.file(), rule.path_of("sequence"), rule.problems());
    Sequence out;
    std::string_view key;
    out.form = read_form(map, key);
    if (!key.empty()) {
        MapReader b(*map.node().find(key), map.file(), map.path_of(key), map.problems());
        read_other_half(b, out);
    } else if (map.node().type == Node::Type::map) {
        constexpr std::string_view forms[] = {"then", "then_not", "not_before"};
        const auto& entries = map.node().entries;
        const bool is_said = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
            return entry.key != "within" && !nearest(entry.key, forms).empty();
        });
        if (!is_said)
            map.complain(map.node(), "",
                         "needs one of: then, then_not, not_before, as in {then_not: {watch: door_closed}, within: 30s}");
    }
    if (require(map, "within") != nullptr) out.within = map.duration("within", {100ms, kDay * 30}).value_or(1s);
    map.finish();
    return out;
}

}  // namespace menshen::rules
