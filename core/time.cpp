#include "core/time.hpp"

#include <array>
#include <cstdlib>

namespace menshen {

namespace {

constexpr std::int64_t kDay = 86'400'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0); }

std::int64_t local_ms(const Stamp& stamp) {
    return stamp.time.since_epoch.count() + std::chrono::duration_cast<Millis>(stamp.offset).count();
}

struct Parts {
    std::int64_t year;
    unsigned month, day;
    std::int64_t hour, minute, second, ms;
};

Parts parts_of(const Stamp& stamp) {
    const auto local = local_ms(stamp);
    const auto day = floor_div(local, kDay);
    const auto rest = local - day * kDay;
    const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{day}}};
    return {int{ymd.year()},    unsigned{ymd.month()}, unsigned{ymd.day()}, rest / 3'600'000,
            rest / 60'000 % 60, rest / 1000 % 60,      rest % 1000};
}

/// Reads fixed-width fields from the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}
    bool digits(std::size_t count, int& out) {
        if (text_.size() < count) return false;
        out = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text_[i] < '0' || text_[i] > '9') return false;
            out = out * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(count);
        return true;
    }
    bool any_of(std::string_view set, char* got = nullptr) {
        if (text_.empty() || set.find(text_.front()) == std::string_view::npos) return false;
        if (got != nullptr) *got = text_.front();
        text_.remove_prefix(1);
        return true;
    }
    [[nodiscard]] bool at_digit() const { return !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; }
    [[nodiscard]] bool empty() const { return text_.empty(); }

private:
    std::string_view text_;
};

bool scan_fraction(Scanner& in, int& ms) {
    if (!in.any_of(".,")) return true;
    int place = 100;
    int digit = 0;
    bool some = false;
    while (in.at_digit() && in.digits(1, digit)) {
        ms += digit * place;
        place /= 10;
        some = true;
    }
    return some;
}

bool scan_offset(Scanner& in, std::chrono::minutes& offset) {
    char sign = 0;
    if (in.any_of("Zz")) return true;
    int hours = 0;
    int minutes = 0;
    if (!in.any_of("+-", &sign) || !in.digits(2, hours)) return false;
    in.any_of(":");
    if (!in.digits(2, minutes) || hours > 18 || minutes > 59) return false;
    offset = std::chrono::minutes{(sign == '-' ? -1 : 1) * (hours * 60 + minutes)};
    return true;
}

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array kUnits{Unit{"d", kDay}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};

}  // namespace

std::int64_t Stamp::local_day() const { return floor_div(local_ms(*this), kDay); }

Millis Stamp::time_of_day() const { return Millis{local_ms(*this) - local_day() * kDay}; }

std::string to_text(const Stamp& stamp) {
    const auto p = parts_of(stamp);
    const auto off = stamp.offset.count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute,
                       p.second, p.ms, off < 0 ? '-' : '+', std::abs(off) / 60, std::abs(off) % 60);
}

std::string to_minutes(const Stamp& stamp) {
    const auto p = parts_of(stamp);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", p.year, p.month, p.day, p.hour, p.minute);
}

Result<Stamp> parse_stamp(std::string_view text) {
    Scanner in(text);
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0;
    const bool date_read =
        in.digits(4, year) && in.any_of("-") && in.digits(2, month) && in.any_of("-") && in.digits(2, day) && in.any_of("Tt ");
    if (!date_read || !in.digits(2, hour) || !in.any_of(":") || !in.digits(2, minute)) {
        return fail("\"{}\" is no time; write 2026-11-01T08:00:00+08:00", text);
    }
    if (in.any_of(":") && (!in.digits(2, second) || !scan_fraction(in, ms))) return fail("\"{}\": the seconds are wrong", text);
    Stamp out;
    if (!scan_offset(in, out.offset) || !in.empty()) {
        return fail("\"{}\" needs an offset from UTC at its end: 2026-11-01T08:00:00+08:00, or Z", text);
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    // 60 is a leap second: it is read as the last millisecond of its minute rather than refused.
    if (second == 60) {
        second = 59;
        ms = 999;
    }
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return fail("\"{}\" is no date or time that exists", text);
    const auto days = std::chrono::sys_days{date}.time_since_epoch();
    out.time.since_epoch = Millis{days} + std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
                           Millis{ms} - Millis{out.offset};
    return out;
}

Result<Millis> parse_duration(std::string_view text) {
    const auto bad = [&] { return fail("\"{}\" is no duration; write 500ms, 30s, 10m, 24h, 7d or 1h30m", text); };
    std::int64_t total = 0;
    auto rest = text;
    if (rest.empty()) return bad();
    while (!rest.empty()) {
        std::int64_t number = 0;
        std::size_t digits = 0;
        while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9' && digits < 12) {
            number = number * 10 + (rest[digits++] - '0');
        }
        if (digits == 0) return bad();
        rest.remove_prefix(digits);
        std::size_t letters = 0;
        while (letters < rest.size() && rest[letters] >= 'a' && rest[letters] <= 'z') ++letters;
        std::int64_t scale = 0;
        for (const auto& unit : kUnits) {
            if (unit.name == rest.substr(0, letters)) scale = unit.ms;
        }
        if (scale == 0 || number > 3'660 * kDay / scale) return bad();
        total += number * scale;
        rest.remove_prefix(letters);
    }
    return Millis{total};
}

std::string to_text(Millis duration) {
    auto left = duration.count();
    if (left == 0) return "0s";
    std::string out;
    for (const auto& unit : kUnits) {
        if (left >= unit.ms) out += fmt::format("{}{}", left / unit.ms, unit.name);
        left %= unit.ms;
    }
    return out;
}

namespace {

/// The largest unit and, if not zero, the one below it.
struct TwoUnits {
    std::size_t first;
    std::int64_t first_count;
    std::int64_t second_count;
};

TwoUnits two_units(Millis duration) {
    constexpr std::array<std::int64_t, 4> scale{kDay, 3'600'000, 60'000, 1000};
    const auto total = duration.count();
    for (std::size_t i = 0; i < scale.size(); ++i) {
        if (total >= scale[i]) return {i, total / scale[i], i + 1 < scale.size() ? total % scale[i] / scale[i + 1] : 0};
    }
    return {3, total / 1000, 0};
}

/// Numbers below a hundred as they are spoken: 3 -> 三, 12 -> 十二, 45 -> 四十五; 两 stands for 2 before a measure word.
std::string spoken_zh(std::int64_t n) {
    static constexpr std::array<const char*, 10> kDigit{"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    if (n == 2) return "两";
    if (n < 0 || n > 99) return std::to_string(n);
    if (n < 10) return kDigit[static_cast<std::size_t>(n)];
    std::string out = n < 20 ? "十" : std::string(kDigit[static_cast<std::size_t>(n / 10)]) + "十";
    if (n % 10 != 0) out += kDigit[static_cast<std::size_t>(n % 10)];
    return out;
}

}  // namespace

std::string in_words_en(Millis duration) {
    if (duration > 0ms && duration < 1s) return fmt::format("{} ms", duration.count());
    static constexpr std::array<const char*, 4> kName{"day", "h", "min", "s"};
    const auto [first, n, m] = two_units(duration);
    const auto unit = [](std::size_t i, std::int64_t count) {
        return fmt::format("{} {}{}", count, kName[i], i == 0 && count != 1 ? "s" : "");
    };
    return m == 0 ? unit(first, n) : unit(first, n) + " " + unit(first + 1, m);
}

std::string in_words_zh(Millis duration) {
    if (duration > 0ms && duration < 1s) return fmt::format("{}毫秒", duration.count());
    static constexpr std::array<const char*, 4> kName{"天", "小时", "分钟", "秒"};
    const auto [first, n, m] = two_units(duration);
    const auto unit = [](std::size_t i, std::int64_t count) { return spoken_zh(count) + kName[i]; };
    return m == 0 ? unit(first, n) : unit(first, n) + unit(first + 1, m);
}

}  // namespace menshen
