#pragma once
/// Tags and labels that end by themselves. Pure: event time is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/record.hpp"
#include "core/roster.hpp"

namespace menshen::app {

/// What is known of a stranger beside the face.
struct StrangerNote {
    std::string label;  ///< "courier"; empty: none.
    std::optional<WallTime> until;
    WallTime first_seen{};
    WallTime last_seen{};
    std::uint32_t sightings = 0;
};
using StrangerNotes = std::map<StrangerId, StrangerNote>;

/// A tag of a person, of the gate (neither), or a stranger's label.
struct HeldTag {
    PersonId person;
    StrangerId stranger;
    std::string tag;
    std::optional<WallTime> until;
};

/// Every tag that is held: the gate's, then persons', then strangers' labels.
[[nodiscard]] std::vector<HeldTag> held_tags(const Roster& roster, const StrangerNotes& strangers);
/// The earliest end of all of them.
[[nodiscard]] std::optional<WallTime> first_end(const Roster& roster, const StrangerNotes& strangers);
/// Those whose end has come, `most` at most. None while the clock is not trusted: a tag must not end because the gate woke up in
/// a wrong year.
[[nodiscard]] std::vector<HeldTag> ended_tags(const Roster& roster, const StrangerNotes& strangers, const Now& now,
                                              std::size_t most);

/// How long somebody says it is to be: a moment, or a duration from now; neither: for ever. Both is a mistake.
struct End {
    std::string until;  ///< RFC 3339.
    std::string lasts;  ///< "6h"
};
/// The moment. It must lie ahead of `now`, by ten years at most; a duration needs a clock that is trusted.
[[nodiscard]] Result<std::optional<WallTime>> read_end(const End& end, const Now& now);

/// What an import wants, or every mistake of it with its line.
struct TagLine {
    PersonId person;  ///< None: the gate.
    std::string tag;
    std::optional<WallTime> until;
};
struct TagFile {
    std::vector<TagLine> lines;
    std::vector<std::string> problems;  ///< "tags.csv:3: ..."
};
inline constexpr std::size_t kMostTagLines = 1000;
/// Lines of `person,tag,until`: `until` is RFC 3339 or a duration, and may be left out; without a person it is the gate's. Empty
/// lines, lines that begin with # and a first line `person,tag,until` are passed over.
[[nodiscard]] TagFile read_tag_file(const std::string& name, const std::vector<std::string>& lines, const Roster& roster,
                                    const Now& now);

}  // namespace menshen::app
