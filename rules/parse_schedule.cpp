#include "rules/parse_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "rules/parse_parts.hpp"

namespace menshen::rules {

namespace {

constexpr Millis kDay{86'400'000};
constexpr std::size_t kMostSpans = 32;
constexpr std::array<std::string_view, 10> kDays{"mon", "tue", "wed",      "thu",      "fri",
                                                 "sat", "sun", "workdays", "days_off", "holidays"};

std::optional<Millis> time_of_day(std::string_view text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute > 59 || hour > 24 || (hour == 24 && minute != 0)) return std::nullopt;
    return std::chrono::hours{hour} + std::chrono::minutes{minute};
}

std::optional<During> span_of(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto from = time_of_day(text.substr(0, dash));
    const auto to = time_of_day(text.substr(dash + 1));
    if (!from || !to || *from == kDay) return std::nullopt;
    return During{*from, *to};
}

/// Names have no colon, times of day always do: "25:00-26:00" is a bad time, not an unknown name.
void complain_of_span(MapReader& map, std::string_view key, const Node& at, const Schedules* known) {
    if (known == nullptr || at.scalar.find(':') != std::string::npos || at.scalar.empty()) {
        map.complain(at, key, fmt::format("must be a time of day as in \"22:00-06:00\", got \"{}\"", at.scalar));
        return;
    }
    std::vector<std::string_view> names;
    for (const auto& [name, schedule] : *known) names.push_back(name);
    map.complain(
        at, key,
        fmt::format("must be a time of day as in \"22:00-06:00\" or the name of a schedule of the calendar file, got \"{}\"{}",
                    at.scalar, names.empty() ? "; there is no schedule in it" : suggestion(at.scalar, names)));
}

void add_span(MapReader& map, std::string_view key, const Node& at, Schedule& out) {
    const auto span = span_of(at.scalar);
    if (at.type != Node::Type::scalar) {
        map.complain(at, key, "must hold times of day only, as in [\"08:00-12:00\", \"13:00-17:00\"]");
    } else if (!span) {
        map.complain(at, key, fmt::format("must be a time of day as in \"22:00-06:00\", got \"{}\"", at.scalar));
    } else if (span->from == span->to) {
        map.complain(at, key, "is empty; for the whole day write \"00:00-24:00\" or leave it out");
    } else {
        out.spans.push_back({{}, *span});
    }
}

/// The order in which somebody wrote the spans down means nothing.
void sort_spans(Schedule& schedule) {
    const auto order = [](const Schedule::Span& s) {
        return std::make_tuple(s.time.from, s.time.to, s.days.weekdays, s.days.workdays, s.days.days_off, s.days.holidays);
    };
    std::sort(schedule.spans.begin(), schedule.spans.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
    schedule.spans.erase(std::unique(schedule.spans.begin(), schedule.spans.end()), schedule.spans.end());
}

std::optional<Schedule> read_list(MapReader& map, std::string_view key, const Node& list) {
    Schedule out;
    if (list.items.empty()) map.complain(list, key, "is an empty list; leave the key out instead");
    if (list.items.size() > kMostSpans) {
        map.complain(list, key, fmt::format("has more than {} spans", kMostSpans));
        return std::nullopt;
    }
    for (const auto& item : list.items) add_span(map, key, item, out);
    if (out.spans.size() != list.items.size() || out.spans.empty()) return std::nullopt;
    sort_spans(out);
    return out;
}

}  // namespace

std::optional<Schedule> read_times(MapReader& map, std::string_view key, const Schedules* known) {
    const Node* node = map.take(key);
    if (node == nullptr) return std::nullopt;
    if (node->type == Node::Type::list) return read_list(map, key, *node);
    if (node->type == Node::Type::map) {
        map.complain(*node, key, "must be a time of day as in \"22:00-06:00\", a list of such, or the name of a schedule");
        return std::nullopt;
    }
    if (known != nullptr) {
        if (const auto it = known->find(node->scalar); it != known->end()) return it->second;
    }
    if (!span_of(node->scalar)) {
        complain_of_span(map, key, *node, known);
        return std::nullopt;
    }
    Schedule out;
    add_span(map, key, *node, out);
    return out.spans.empty() ? std::nullopt : std::optional(out);
}

std::optional<DaySet> read_weekdays(MapReader& map) {
    const auto names = map.texts("weekdays");
    if (!names) return std::nullopt;
    const Node& node = *map.node().find("weekdays");
    if (names->empty()) map.complain(node, "weekdays", "must name at least one day");
    DaySet out{.weekdays = 0};
    for (std::size_t i = 0; i < names->size(); ++i) {
        const auto& name = (*names)[i];
        const Node& at = node.type == Node::Type::list && i < node.items.size() ? node.items[i] : node;
        const auto index = static_cast<std::size_t>(std::find(kDays.begin(), kDays.end(), name) - kDays.begin());
        if (index == kDays.size()) {
            map.complain(at, "weekdays", fmt::format("cannot be \"{}\"{}", name, suggestion(name, kDays)));
        } else if (index < 7) {
            out.weekdays = static_cast<std::uint8_t>(out.weekdays | 1u << index);
        } else {
            out.workdays = out.workdays || name == "workdays";
            out.days_off = out.days_off || name == "days_off";
            out.holidays = out.holidays || name == "holidays";
        }
    }
    return out;
}

void put_weekdays(MapReader& map, std::string_view times_key, const DaySet& days, std::optional<Schedule>& times) {
    if (!times) {
        // Times that could not be read have been complained of; without any the whole day is meant.
        times = Schedule{{{days, During{0ms, kDay}}}};
        return;
    }
    for (auto& span : times->spans) {
        if (span.days != DaySet{}) {
            map.complain(*map.node().find("weekdays"), "weekdays",
                         fmt::format("cannot stand beside the schedule of {}, which has days of its own", times_key));
            return;
        }
        span.days = days;
    }
}

std::optional<Schedule> read_schedule(MapReader& map, std::string_view key, const Schedules* known) {
    const Node* node = map.take(key);
    if (node == nullptr || node->type != Node::Type::map) return read_times(map, key, known);
    MapReader parts(*node, map.file(), map.path_of(key), map.problems());
    const auto before = map.problems().errors();
    auto out = read_times(parts, "time", known);
    const auto days = read_weekdays(parts);
    if (days) put_weekdays(parts, "time", *days, out);
    if (node->entries.empty()) parts.complain(*node, "", "needs weekdays, time or both");
    parts.finish();
    complain_of_empty_keys(*node, map.file(), map.path_of(key), map.problems());
    return map.problems().errors() == before ? out : std::nullopt;
}

}  // namespace menshen::rules
