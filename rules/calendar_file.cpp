#include "rules/calendar_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/document.hpp"
#include "core/id.hpp"
#include "rules/parse_parts.hpp"
#include "rules/parse_schedule.hpp"

namespace menshen::rules {

namespace {

constexpr std::int64_t kLongestHoliday = 60;

/// "2026-02-15" -> days since 1970-01-01. Years from 2000 to 2099: others are slips of the pen.
std::optional<std::int64_t> day_of(std::string_view text) {
    const auto number = [&](std::size_t at, std::size_t count) {
        int out = 0;
        for (const char c : text.substr(at, count)) {
            if (c < '0' || c > '9') return -1;
            out = out * 10 + (c - '0');
        }
        return out;
    };
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const int year = number(0, 4);
    const int month = number(5, 2);
    const int day = number(8, 2);
    if (year < 2000 || year > 2099 || month < 0 || day < 0) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date}.time_since_epoch().count();
}

/// One list of days: `holidays` or `workdays`.
class DaysReader {
public:
    DaysReader(MapReader& map, std::string_view key) : map_(map), key_(key) {}

    [[nodiscard]] std::vector<std::int64_t> read() {
        const Node* node = map_.take(key_);
        if (node == nullptr) return {};
        if (node->type != Node::Type::list) {
            map_.complain(*node, key_, "must be a list of days, as in [2026-01-01, {from: 2026-02-15, to: 2026-02-23}]");
            return {};
        }
        for (std::size_t i = 0; i < node->items.size() && days_.size() <= kMostCalendarDays; ++i) {
            read_item(node->items[i], fmt::format("{}[{}]", map_.path_of(key_), i));
        }
        if (days_.size() > kMostCalendarDays) map_.complain(*node, key_, fmt::format("has more than {} days", kMostCalendarDays));
        std::sort(days_.begin(), days_.end());
        days_.erase(std::unique(days_.begin(), days_.end()), days_.end());
        return std::move(days_);
    }

private:
    void read_item(const Node& item, const std::string& path) {
        if (item.type == Node::Type::map) return read_range(item, path);
        const auto day = item.type == Node::Type::scalar ? day_of(item.scalar) : std::nullopt;
        if (day) {
            days_.push_back(*day);
        } else {
            map_.complain(item, key_, fmt::format("must hold days as in 2026-10-01 that exist, got \"{}\"", item.scalar));
        }
    }

    std::optional<std::int64_t> read_day(MapReader& range, std::string_view key) {
        if (require(range, key) == nullptr) return std::nullopt;
        const auto text = range.text(key);
        const auto day = text ? day_of(*text) : std::nullopt;
        if (text && !day) {
            range.complain(*range.node().find(key), key,
                           fmt::format("must be a day as in 2026-10-01 that exists, got \"{}\"", *text));
        }
        return day;
    }

    void read_range(const Node& item, const std::string& path) {
        MapReader range(item, map_.file(), path, map_.problems());
        const auto from = read_day(range, "from");
        const auto to = read_day(range, "to");
        static_cast<void>(range.text("name"));  // for those who read the file
        range.finish();
        if (!from || !to) return;
        if (*to < *from) {
            range.complain(*item.find("to"), "to", "must not be before from");
        } else if (*to - *from >= kLongestHoliday) {
            range.complain(*item.find("to"), "to", fmt::format("makes it longer than {} days", kLongestHoliday));
        } else {
            for (auto day = *from; day <= *to; ++day) days_.push_back(day);
        }
    }

    MapReader& map_;
    std::string_view key_;
    std::vector<std::int64_t> days_;
};

void read_schedules(MapReader& map, Schedules& out) {
    const Node* node = map.take("schedules");
    if (node == nullptr) return;
    MapReader schedules(*node, map.file(), "schedules", map.problems());
    if (node->type != Node::Type::map) return;
    if (node->entries.size() > kMostSchedules)
        schedules.complain(*node, "", fmt::format("has more than {} schedules", kMostSchedules));
    for (const auto& entry : node->entries) {
        if (!is_topic_safe(entry.key)) {
            map.problems().add(map.file(), entry.place,
                               fmt::format("schedules: the name \"{}\" is no good: 1 to 32 of a-z, 0-9 and -", entry.key));
        }
        // Schedules do not name each other: each stands for itself.
        if (auto schedule = read_schedule(schedules, entry.key, nullptr)) out.emplace(entry.key, std::move(*schedule));
    }
}

}  // namespace

std::optional<CalendarFile> parse_calendar(std::string_view file, std::string_view text, Problems& problems) {
    const auto before = problems.errors();
    const auto root = parse_document(file, text, problems);
    if (!root) return std::nullopt;
    CalendarFile out;
    MapReader map(*root, std::string(file), "", problems);
    complain_of_empty_keys(*root, file, "", problems);
    DaysReader holidays(map, "holidays");
    out.calendar.holidays = holidays.read();
    DaysReader workdays(map, "workdays");
    out.calendar.workdays = workdays.read();
    read_schedules(map, out.schedules);
    map.finish();
    if (problems.errors() != before) return std::nullopt;
    return out;
}

}  // namespace menshen::rules
