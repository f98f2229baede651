#include "drivers/wiegand/format.hpp"

#include <algorithm>
#include <cctype>

namespace menshen::drivers::wiegand {

namespace {

std::string which_parity(const Format& format, const Parity& parity) {
    if (parity.bit == 0) return "leading parity";
    if (parity.bit == format.bits - 1) return "trailing parity";
    return fmt::format("parity at bit {}", parity.bit);
}

bool holds(const Parity& parity, const Bits& frame) {
    const int ones = frame.ones(parity.set) + (frame[parity.bit] ? 1 : 0);
    return (ones % 2 != 0) == (parity.sense == Sense::odd);
}

}  // namespace

bool is_valid(const Format& format, const Bits& frame) {
    return frame.size() == format.bits &&
           std::all_of(format.fixed.begin(), format.fixed.end(), [&](const Fixed& f) { return frame[f.bit] == f.value; }) &&
           std::all_of(format.parity.begin(), format.parity.end(), [&](const Parity& p) { return holds(p, frame); });
}

Result<void> check(const Format& format, const Bits& frame) {
    if (frame.size() != format.bits) return fail("{}: {} bits expected, got {}", format.name, format.bits, frame.size());
    std::string wrong;
    const auto add = [&](std::string words) { wrong += (wrong.empty() ? "" : ", ") + std::move(words); };
    for (const auto& parity : format.parity) {
        if (holds(parity, frame)) continue;
        const bool even = parity.sense == Sense::even;
        add(fmt::format("{} is {}, must be {}", which_parity(format, parity), even ? "odd" : "even", even ? "even" : "odd"));
    }
    for (const auto& fixed : format.fixed)
        if (frame[fixed.bit] != fixed.value) add(fmt::format("bit {} must be {}", fixed.bit, fixed.value ? 1 : 0));
    if (!wrong.empty()) return fail("{}: {}", format.name, wrong);
    return {};
}

std::map<std::string, std::uint64_t> read_fields(const Format& format, const Bits& frame) {
    std::map<std::string, std::uint64_t> values;
    for (const auto& field : format.fields) values.emplace(field.name, frame.field(field.first, field.last));
    return values;
}

Result<Bits> encode(const Format& format, const std::map<std::string, std::uint64_t>& fields) {
    Bits frame;
    while (frame.size() < format.bits) frame.append(false);
    for (const auto& wanted : fields) {
        const std::string& name = wanted.first;
        const std::uint64_t value = wanted.second;
        const auto field =
            std::find_if(format.fields.begin(), format.fields.end(), [&](const Field& f) { return f.name == name; });
        if (field == format.fields.end()) return fail("{} has no field \"{}\"", format.name, name);
        const unsigned width = field->last - field->first + 1;
        if (width < 64 && value >> width != 0)
            return fail("{}: {} has {} bits, {} is too large", format.name, name, width, value);
        for (unsigned i = 0; i < width; ++i) frame.set(field->last - i, (value >> i & 1u) != 0);
    }
    for (const auto& fixed : format.fixed) frame.set(fixed.bit, fixed.value);
    for (const auto& parity : format.parity) {
        frame.set(parity.bit, false);
        frame.set(parity.bit, !holds(parity, frame));
    }
    return frame;
}

const Format* find_format(std::string_view name) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    for (const auto& format : formats())
        if (std::equal(name.begin(), name.end(), format.name.begin(), format.name.end(), same)) return &format;
    return nullptr;
}

std::span<const std::string_view> format_names() {
    static const auto names = [] {
        std::vector<std::string_view> all;
        for (const auto& format : formats()) all.push_back(format.name);
        return all;
    }();
    return names;
}

std::optional<char> decode_key(const Bits& frame) {
    constexpr std::string_view kKeys = "0123456789*#";
    if (frame.size() != 4 && frame.size() != 8) return std::nullopt;
    const auto low = frame.field(frame.size() - 4, frame.size() - 1);
    // The 8-bit burst checks itself: its high half is the complement. By that rule 7 is 10000111, though a vendor's table prints
    // another.
    if (frame.size() == 8 && frame.field(0, 3) != (~low & 0xFu)) return std::nullopt;
    if (low >= kKeys.size()) return std::nullopt;
    return kKeys[low];
}

}  // namespace menshen::drivers::wiegand
