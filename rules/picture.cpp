#include "rules/picture.hpp"

#include <algorithm>

namespace menshen::rules {

namespace {

constexpr double kDayMs = 86'400'000;
constexpr std::int64_t kMostDayRows = 60;
constexpr std::size_t kBusiest = 3;

std::string date_of(std::int64_t day) {
    const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{day}}};
    return fmt::format("{:04}-{:02}-{:02}", int{ymd.year()}, unsigned{ymd.month()}, unsigned{ymd.day()});
}

/// Monday is 0; 1970-01-01 was a Thursday.
std::int64_t weekday_of(std::int64_t day) { return ((day + 3) % 7 + 7) % 7; }

std::string_view mark_of(std::uint32_t count, std::uint32_t most, Glyphs glyphs) {
    static constexpr std::array<std::string_view, 5> shades{"·", "░", "▒", "▓", "█"};
    static constexpr std::array<std::string_view, 5> plain{".", "-", "+", "*", "#"};
    const auto& marks = glyphs == Glyphs::utf8 ? shades : plain;
    if (count == 0) return marks[0];
    // Up to four alerts each has its own shade; beyond that they are shared out.
    const auto step = most <= 4 ? count : 1 + (count - 1) * 4 / most;
    return marks[std::min<std::size_t>(step, 4)];
}

std::string busiest(const std::map<std::string, std::uint64_t>& by_subject) {
    std::vector<std::pair<std::string, std::uint64_t>> all(by_subject.begin(), by_subject.end());
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string out;
    for (std::size_t i = 0; i < all.size() && i < kBusiest; ++i) {
        out += fmt::format("{}{} ({})", i == 0 ? "" : ", ", all[i].first, all[i].second);
    }
    return all.size() > kBusiest ? out + ", ..." : out;
}

}  // namespace

std::optional<std::int64_t> median(std::vector<std::int64_t> values) {
    if (values.empty()) return std::nullopt;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

void FiringTally::saw(const Stamp& at) {
    if (!first_) first_ = at;
    if (!last_ || last_->time < at.time) last_ = at;
}

void FiringTally::add(const AlertChange& change) {
    auto& rule = rules_[change.rule.str()];
    if (change.change == 1) {
        ++fired_;
        ++rule.fired;
        ++rule.by_subject[change.subject];
        ++rule.still_open;
        open_[change.id] = change.at.time.since_epoch.count();
        ++hours_[change.at.local_day()][static_cast<std::size_t>(change.at.time_of_day() / Millis{3'600'000})];
    }
    if (change.state != AlertState::resolved) return;
    ++resolved_;
    const auto it = open_.find(change.id);
    if (it == open_.end()) return;
    rule.open_ms.push_back(change.at.time.since_epoch.count() - it->second);
    --rule.still_open;
    open_.erase(it);
}

const FiringTally::PerRule& FiringTally::of(const RuleId& rule) const {
    static const PerRule none;
    const auto it = rules_.find(rule.str());
    return it == rules_.end() ? none : it->second;
}

double FiringTally::days() const { return std::max(1.0, static_cast<double>(span().count()) / kDayMs); }

std::string FiringTally::table(const RuleSet& rules) const {
    std::size_t width = 4;
    for (const auto& rule : rules.rules) width = std::max(width, rule.id.str().size());
    auto out =
        fmt::format("{:{}}  {:>6}  {:>8}  {:>11}  {:>6}  BUSIEST\n", "RULE", width, "FIRED", "SUBJECTS", "MEDIAN OPEN", "A DAY");
    const auto row = [&](const std::string& id, const PerRule& tally) {
        const auto middle = median(tally.open_ms);
        const auto open = middle ? in_words_en(Millis{*middle}) : std::string(tally.fired > 0 ? "still open" : "");
        auto line = fmt::format("{:{}}  {:>6}  {:>8}  {:>11}  {:>6.2f}  {}", id, width, tally.fired, tally.by_subject.size(),
                                open, static_cast<double>(tally.fired) / days(), busiest(tally.by_subject));
        while (line.back() == ' ') line.pop_back();
        out += line + "\n";
    };
    for (const auto& rule : rules.rules) row(rule.id.str(), of(rule.id));
    // Alerts that are of no rule of the files: the gate's own.
    for (const auto& [id, tally] : rules_) {
        if (rules.find(RuleId(id)) == nullptr) row(id, tally);
    }
    return out;
}

std::string FiringTally::picture(Glyphs glyphs) const {
    if (hours_.empty()) return "";
    const auto begin = std::min(first_ ? first_->local_day() : hours_.begin()->first, hours_.begin()->first);
    const auto end = std::max(last_ ? last_->local_day() : hours_.rbegin()->first, hours_.rbegin()->first);
    const bool weeks = end - begin + 1 > kMostDayRows;
    const auto row_of = [&](std::int64_t day) { return weeks ? day - weekday_of(day) : day; };
    std::map<std::int64_t, std::array<std::uint32_t, 24>> rows;
    std::uint32_t most = 0;
    for (const auto& [day, hours] : hours_) {
        auto& row = rows[row_of(day)];
        for (std::size_t h = 0; h < hours.size(); ++h) most = std::max(most, row[h] += hours[h]);
    }
    static constexpr std::array<std::string_view, 7> names{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    auto out = fmt::format("{:16}0     6     12    18    24  fired\n", weeks ? "week of" : "day");
    for (auto day = row_of(begin); day <= end; day += weeks ? 7 : 1) {
        const auto& row = rows[day];
        out += fmt::format("{} {}  ", date_of(day), weeks ? "   " : names[static_cast<std::size_t>(weekday_of(day))]);
        std::uint64_t sum = 0;
        for (const auto count : row) {
            out += mark_of(count, most, glyphs);
            sum += count;
        }
        out += sum == 0 ? "\n" : fmt::format("  {:>4}\n", sum);
    }
    return out + fmt::format("one mark an hour: {} none", mark_of(0, most, glyphs)) +
           (most <= 1 ? fmt::format(", {} one\n", mark_of(1, most, glyphs))
                      : fmt::format(", {} one, {} {}\n", mark_of(1, most, glyphs), mark_of(most, most, glyphs), most));
}

}  // namespace menshen::rules
