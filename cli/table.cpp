#include "cli/table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ostream>

namespace menshen::cli {

namespace {

struct Span {
    char32_t first, last;
};

// Unicode 15, East Asian Width W and F, in the blocks that names and alert texts come from.
constexpr std::array kWide{
    Span{0x1100, 0x115F},   Span{0x231A, 0x231B},   Span{0x23E9, 0x23EC},   Span{0x25FD, 0x25FE},   Span{0x2614, 0x2615},
    Span{0x26A1, 0x26A1},   Span{0x2705, 0x2705},   Span{0x274C, 0x274C},   Span{0x2753, 0x2755},   Span{0x2E80, 0x303E},
    Span{0x3041, 0x33FF},   Span{0x3400, 0x4DBF},   Span{0x4E00, 0x9FFF},   Span{0xA000, 0xA4CF},   Span{0xA960, 0xA97F},
    Span{0xAC00, 0xD7A3},   Span{0xF900, 0xFAFF},   Span{0xFE10, 0xFE19},   Span{0xFE30, 0xFE6F},   Span{0xFF00, 0xFF60},
    Span{0xFFE0, 0xFFE6},   Span{0x1F300, 0x1F64F}, Span{0x1F680, 0x1F6FF}, Span{0x1F900, 0x1F9FF}, Span{0x1FA70, 0x1FAFF},
    Span{0x20000, 0x3FFFD},
};
constexpr std::array kZero{
    Span{0x0300, 0x036F}, Span{0x200B, 0x200F}, Span{0x202A, 0x202E}, Span{0x2060, 0x2064},
    Span{0x20D0, 0x20F0}, Span{0xFE00, 0xFE0F}, Span{0xFE20, 0xFE2F}, Span{0xFEFF, 0xFEFF},
};

template <std::size_t N>
bool holds(const std::array<Span, N>& spans, char32_t c) {
    return std::any_of(spans.begin(), spans.end(), [&](const Span& span) { return c >= span.first && c <= span.last; });
}

constexpr char32_t kBroken = 0xFFFFFFFF;

/// Takes one character off the front of `text`; a byte that begins none is kBroken.
char32_t take(std::string_view& text, std::size_t& length) {
    const auto lead = static_cast<std::uint8_t>(text.front());
    length = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
    char32_t c = length == 1 ? lead : length == 0 ? kBroken : lead & (0xFFu >> (length + 1));
    if (length > text.size()) c = kBroken;
    for (std::size_t i = 1; c != kBroken && i < length; ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        c = (byte >> 6) == 2 ? (c << 6) | (byte & 0x3Fu) : kBroken;
    }
    if (c == kBroken) length = 1;
    text.remove_prefix(length);
    return c;
}

std::size_t width_of(char32_t c) {
    if (c == kBroken) return 1;
    if (holds(kZero, c)) return 0;
    return holds(kWide, c) ? 2 : 1;
}

bool moves_cursor(char32_t c) {
    // C0, DEL, C1, and the marks that turn the direction of writing.
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == kBroken;
}

void print_row(std::ostream& out, const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        line += row[i];
        if (i + 1 < row.size()) line.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    std::size_t length = 0;
    while (!text.empty()) width += width_of(take(text, length));
    return width;
}

std::string printable(std::string_view text) {
    std::string out;
    std::size_t length = 0;
    while (!text.empty()) {
        const auto whole = text;
        const auto c = take(text, length);
        if (moves_cursor(c)) {
            out += '?';
        } else {
            out += whole.substr(0, length);
        }
    }
    return out;
}

void Table::add(std::vector<std::string> row) {
    row.resize(head_.size());
    for (auto& cell : row) cell = printable(cell);
    rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out, std::string_view empty) const {
    if (rows_.empty()) {
        out << empty << '\n';
        return;
    }
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < head_.size(); ++i) {
        widths.push_back(display_width(head_[i]));
        for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i]));
    }
    print_row(out, head_, widths);
    for (const auto& row : rows_) print_row(out, row, widths);
}

}  // namespace menshen::cli
