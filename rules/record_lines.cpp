#include "rules/record_lines.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace menshen::rules {

namespace {

constexpr std::size_t kChunk = 1 << 18;

/// One plain JSON object: strings of ASCII without escapes, whole numbers, true, false, and lists of such strings.
class PlainObject {
public:
    explicit PlainObject(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    template <class Put>
    bool read(Put put) {
        if (!take('{')) return false;
        if (take('}')) return done();
        do {
            std::string_view key;
            if (!string(key) || !take(':') || !put(key)) return false;
        } while (take(','));
        return take('}') && done();
    }

    bool string(std::string_view& out) {
        if (!take('"')) return false;
        const char* begin = at_;
        while (at_ != end_ && *at_ != '"') {
            const auto c = static_cast<unsigned char>(*at_);
            if (c == '\\' || c < 0x20 || c >= 0x80) return false;
            ++at_;
        }
        if (at_ == end_) return false;
        out = {begin, static_cast<std::size_t>(at_ - begin)};
        ++at_;
        return true;
    }

    template <class T>
    bool number(T& out) {
        blanks();
        // JSON has no leading zeros and no plus sign.
        const char* digits = at_ != end_ && *at_ == '-' ? at_ + 1 : at_;
        if (digits != end_ && *digits == '0' && digits + 1 != end_ && digits[1] >= '0' && digits[1] <= '9') return false;
        const auto [next, error] = std::from_chars(at_, end_, out);
        if (error != std::errc{} || (next != end_ && (*next == '.' || *next == 'e' || *next == 'E'))) return false;
        at_ = next;
        return true;
    }

    bool flag(bool& out) {
        blanks();
        if (word("true")) return out = true, true;
        out = false;
        return word("false");
    }

    bool texts(std::vector<std::string>& out) {
        if (!take('[')) return false;
        if (take(']')) return true;
        do {
            std::string_view text;
            if (!string(text)) return false;
            out.emplace_back(text);
        } while (take(','));
        return take(']');
    }

    [[nodiscard]] char peek() {
        blanks();
        return at_ == end_ ? '\0' : *at_;
    }

private:
    void blanks() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) ++at_;
    }
    bool take(char c) {
        blanks();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view text) {
        if (static_cast<std::size_t>(end_ - at_) < text.size() || std::string_view(at_, text.size()) != text) return false;
        at_ += text.size();
        return true;
    }
    bool done() {
        blanks();
        return at_ == end_;
    }

    const char* at_;
    const char* end_;
};

/// Two digits, or a number above 99.
unsigned two(const char* text) {
    const auto high = static_cast<unsigned>(text[0] - '0');
    const auto low = static_cast<unsigned>(text[1] - '0');
    return high > 9 || low > 9 ? 1000 : high * 10 + low;
}

/// "2026-11-01T08:00:00+08:00", the usual form, without a fraction or with three digits of it.
bool plain_stamp(std::string_view text, Stamp& out) {
    const auto fraction = text.size() == 29 ? 4u : 0u;
    if (text.size() != 25 + fraction || (fraction != 0 && text[19] != '.')) return false;
    const char* at = text.data();
    const auto century = two(at), year = two(at + 2), month = two(at + 5), day = two(at + 8), hour = two(at + 11);
    const auto minute = two(at + 14), second = two(at + 17), off_h = two(at + 20 + fraction), off_m = two(at + 23 + fraction);
    const char sign = at[19 + fraction];
    const bool marks =
        at[4] == '-' && at[7] == '-' && at[10] == 'T' && at[13] == ':' && at[16] == ':' && at[22 + fraction] == ':';
    if (!marks || (sign != '+' && sign != '-') || century > 99 || year > 99 || hour > 23 || minute > 59 || second > 59 ||
        off_h > 14 || off_m > 59) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(century * 100 + year)}, std::chrono::month{month},
                                           std::chrono::day{day}};
    if (!date.ok()) return false;
    unsigned ms = 0;
    for (unsigned i = 0; i + 1 < fraction; ++i) {
        const auto digit = static_cast<unsigned>(at[20 + i] - '0');
        if (digit > 9) return false;
        ms = ms * 10 + digit;
    }
    out.offset = std::chrono::minutes{(sign == '-' ? -1 : 1) * static_cast<int>(off_h * 60 + off_m)};
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    const auto seconds = (days * 24LL + hour) * 3600 + minute * 60LL + second;
    out.time = WallTime{Millis{seconds * 1000 + ms} - out.offset};
    return true;
}

/// Puts the value of one key of the object into the record.
class FieldReader {
public:
    FieldReader(PlainObject& json, Record& record) : json_(json), r_(record) {}

    bool operator()(std::string_view key) {
        switch (key.size()) {
            case 2:
                return key == "at" ? stamp() : other(key);
            case 3:
                return key == "seq" ? json_.number(r_.seq) : key == "tag" ? text(r_.tag) : other(key);
            case 4:
                if (key == "kind") return parsed(parse_kind, r_.kind, has_kind_);
                if (key == "card") return id(r_.card);
                if (key == "door") return id(r_.door);
                if (key == "side") return parsed(parse_side, r_.side, ignored_);
                if (key == "late") return json_.flag(r_.late);
                if (key == "boot") return json_.number(r_.boot);
                return key == "mono" ? mono() : other(key);
            case 5:
                return key == "epoch" ? text(r_.epoch) : other(key);
            case 6:
                if (key == "person") return id(r_.person);
                if (key == "method") return parsed(parse_method, r_.method, ignored_);
                if (key == "device") return id(r_.device);
                if (key == "reason") return text(r_.reason);
                return key == "origin" ? id(r_.origin) : other(key);
            case 8:
                return key == "stranger" ? id(r_.stranger) : other(key);
            case 9:
                if (key == "household") return id(r_.household);
                return key == "certainty" ? parsed(parse_certainty, r_.certainty, ignored_) : other(key);
            case 11:
                return key == "person_tags" ? tags() : other(key);
            case 14:
                return key == "household_size" ? json_.number(r_.household_size) : other(key);
            case 15:
                return key == "wall_is_trusted" ? json_.flag(r_.wall_is_trusted) : other(key);
            default:
                return other(key);
        }
    }
    [[nodiscard]] bool complete() const { return has_at_ && has_kind_; }

private:
    bool text(std::string& out) {
        std::string_view value;
        if (!json_.string(value)) return false;
        out = value;
        return true;
    }
    template <class T>
    bool id(T& out) {
        std::string_view value;
        if (!json_.string(value)) return false;
        out = T(std::string(value));
        return true;
    }
    template <class Parse, class T>
    bool parsed(Parse parse, T& out, bool& seen) {
        std::string_view value;
        if (!json_.string(value)) return false;
        const auto found = parse(value);
        if (!found) return false;
        out = *found;
        return seen = true;
    }
    bool stamp() {
        std::string_view value;
        return json_.string(value) && (has_at_ = plain_stamp(value, r_.at));
    }
    bool mono() {
        std::int64_t ms = 0;
        if (!json_.number(ms)) return false;
        r_.mono = MonoTime{Millis{ms}};
        return true;
    }
    bool tags() {
        r_.person_tags.clear();
        if (!json_.texts(r_.person_tags)) return false;
        std::sort(r_.person_tags.begin(), r_.person_tags.end());
        return true;
    }
    bool other(std::string_view key) {
        Value value;
        const char first = json_.peek();
        bool ok = false;
        if (first == '"') {
            ok = text(value.emplace<std::string>());
        } else if (first == 't' || first == 'f') {
            ok = json_.flag(value.emplace<bool>());
        } else if (first == '[') {
            ok = json_.texts(value.emplace<std::vector<std::string>>());
        } else {
            ok = json_.number(value.emplace<std::int64_t>());
        }
        if (ok) r_.more.insert_or_assign(std::string(key), std::move(value));
        return ok;
    }

    PlainObject& json_;
    Record& r_;
    bool has_at_ = false;
    bool has_kind_ = false;
    bool ignored_ = false;
};

}  // namespace

bool parse_plain_record(std::string_view json, Record& record) {
    record = Record{};
    PlainObject object(json);
    FieldReader reader(object, record);
    return object.read([&](std::string_view key) { return reader(key); }) && reader.complete();
}

/// Appends more of the file to the buffer; false at its end.
bool RecordLines::fill() {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const auto held = buffer_.size();
    buffer_.resize(held + kChunk);
    in_.read(buffer_.data() + held, kChunk);
    buffer_.resize(held + static_cast<std::size_t>(in_.gcount()));
    return buffer_.size() > held;
}

Result<bool> RecordLines::next_line() {
    std::size_t searched = 0;
    for (;;) {
        const auto found = buffer_.find('\n', begin_ + searched);
        if (found != std::string::npos) {
            text_ = std::string_view(buffer_).substr(begin_, found - begin_);
            begin_ = found + 1;
            break;
        }
        searched = buffer_.size() - begin_;
        if (searched > kMostLineBytes) return fail("{}:{}: the line is longer than 1 MiB", name_, line_ + 1);
        if (fill()) continue;
        if (in_.bad()) return fail("{}:{}: cannot be read", name_, line_ + 1);
        if (begin_ == buffer_.size()) return false;
        text_ = std::string_view(buffer_).substr(begin_);  // the last line, without an end
        begin_ = buffer_.size();
        break;
    }
    ++line_;
    return true;
}

Result<bool> RecordLines::next(Record& record) {
    do {
        auto more = next_line();
        if (!more || !*more) return more;
    } while (text_.find_first_not_of(" \t\r") == std::string_view::npos);
    if (!parse_plain_record(text_, record)) {
        auto parsed = parse_record(text_);
        if (!parsed) return fail("{}:{}: {}", name_, line_, parsed.error().message);
        record = std::move(*parsed);
    }
    if (any_ && record.at.time < last_.time) {
        return fail("{}:{}: {} lies before {} of the line above; records must ascend in `at`", name_, line_, to_text(record.at),
                    to_text(last_));
    }
    any_ = true;
    last_ = record.at;
    return true;
}

}  // namespace menshen::rules
