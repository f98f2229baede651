#include "daemon/app/tag_ends.hpp"

#include <algorithm>
#include <set>

namespace menshen::app {

namespace {

constexpr Millis kLongest{10LL * 366 * 86'400'000};
constexpr std::size_t kMostProblems = 50;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> cells_of(std::string_view line) {
    std::vector<std::string_view> out;
    for (;;) {
        const auto comma = line.find(',');
        out.push_back(trimmed(line.substr(0, comma)));
        if (comma == std::string_view::npos) return out;
        line.remove_prefix(comma + 1);
    }
}

Result<TagLine> read_line(std::string_view line, const Roster& roster, const Now& now) {
    const auto cells = cells_of(line);
    if (cells.size() < 2 || cells.size() > 3) return fail("write person,tag,until; got {} columns", cells.size());
    TagLine out{.person = PersonId(std::string(cells[0])), .tag = std::string(cells[1]), .until = {}};
    if (out.person && roster.person(out.person) == nullptr) return fail("there is no person \"{}\"", cells[0].substr(0, 64));
    if (!is_topic_safe(out.tag)) return fail("tag \"{}\" must be 1 to 32 of a-z 0-9 -", cells[1].substr(0, 64));
    if (cells.size() < 3 || cells[2].empty()) return out;
    const std::string text(cells[2]);
    const auto end = read_end(parse_duration(text) ? End{{}, text} : End{text, {}}, now);
    if (!end) return tl::unexpected(end.error());
    out.until = *end;
    return out;
}

}  // namespace

std::vector<HeldTag> held_tags(const Roster& roster, const StrangerNotes& strangers) {
    std::vector<HeldTag> out;
    for (const auto& [tag, until] : roster.gate_tags()) out.push_back({{}, {}, tag, until});
    for (const auto& [id, person] : roster.persons()) {
        for (const auto& [tag, until] : roster.tags_of(id)) out.push_back({id, {}, tag, until});
    }
    for (const auto& [id, note] : strangers) {
        if (!note.label.empty()) out.push_back({{}, id, note.label, note.until});
    }
    return out;
}

std::optional<WallTime> first_end(const Roster& roster, const StrangerNotes& strangers) {
    std::optional<WallTime> first;
    const auto look = [&](const std::optional<WallTime>& until) {
        if (until && (!first || *until < *first)) first = until;
    };
    for (const auto& [tag, until] : roster.gate_tags()) look(until);
    for (const auto& [id, person] : roster.persons()) {
        for (const auto& [tag, until] : person.tag_ends) look(until);
    }
    for (const auto& [id, note] : strangers) {
        if (!note.label.empty()) look(note.until);
    }
    return first;
}

std::vector<HeldTag> ended_tags(const Roster& roster, const StrangerNotes& strangers, const Now& now, std::size_t most) {
    if (!now.wall_is_trusted) return {};
    auto out = held_tags(roster, strangers);
    std::erase_if(out, [&](const HeldTag& held) { return !held.until || *held.until > now.wall.time; });
    // The earliest first, so that the journal tells them in the order in which they came.
    std::stable_sort(out.begin(), out.end(), [](const HeldTag& a, const HeldTag& b) { return *a.until < *b.until; });
    if (out.size() > most) out.resize(most);
    return out;
}

Result<std::optional<WallTime>> read_end(const End& end, const Now& now) {
    if (!end.until.empty() && !end.lasts.empty()) return fail("give until or for, not both");
    if (end.until.empty() && end.lasts.empty()) return std::optional<WallTime>{};
    WallTime at{};
    if (!end.lasts.empty()) {
        const auto lasts = parse_duration(end.lasts);
        if (!lasts) return fail("for: {}", lasts.error().message);
        if (*lasts < Millis{1000} || *lasts > kLongest) return fail("for must be from 1s to 3650d, got \"{}\"", end.lasts);
        if (!now.wall_is_trusted) return fail("the gate's clock is not trusted yet, so \"for\" has no end; give until");
        at = now.wall.time + *lasts;
    } else {
        const auto stamp = parse_stamp(end.until);
        if (!stamp) return fail("until: {}", stamp.error().message);
        at = stamp->time;
        if (now.wall_is_trusted && at <= now.wall.time)
            return fail("until {} lies in the past; it is {} now", end.until, to_text(now.wall));
        if (now.wall_is_trusted && at - now.wall.time > kLongest) return fail("until {} is more than ten years away", end.until);
    }
    return std::optional<WallTime>(at);
}

TagFile read_tag_file(const std::string& name, const std::vector<std::string>& lines, const Roster& roster, const Now& now) {
    TagFile out;
    std::set<std::pair<PersonId, std::string>> seen;
    const auto complain = [&](std::size_t line, const std::string& what) {
        if (out.problems.size() < kMostProblems) out.problems.push_back(fmt::format("{}:{}: {}", name, line, what));
        if (out.problems.size() == kMostProblems) out.problems.push_back("more problems; the rest is not listed");
    };
    for (std::size_t i = 0; i < lines.size() && out.problems.size() <= kMostProblems; ++i) {
        const auto text = trimmed(lines[i]);
        if (text.empty() || text.front() == '#' || (i == 0 && text.starts_with("person,tag"))) continue;
        auto line = read_line(text, roster, now);
        if (!line) {
            complain(i + 1, line.error().message);
        } else if (!seen.emplace(line->person, line->tag).second) {
            complain(i + 1, fmt::format("{} has the tag {} in a line before", line->person ? line->person.str() : "the gate",
                                        line->tag));
        } else if (out.lines.size() == kMostTagLines) {
            complain(i + 1, fmt::format("more than {} tags; split the file", kMostTagLines));
            break;
        } else {
            out.lines.push_back(std::move(*line));
        }
    }
    if (out.lines.empty() && out.problems.empty()) out.problems.push_back(name + ": holds no tag");
    return out;
}

}  // namespace menshen::app
