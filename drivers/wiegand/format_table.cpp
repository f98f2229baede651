#include <initializer_list>

#include "drivers/wiegand/format.hpp"

namespace menshen::drivers::wiegand {

namespace {

constexpr Bits empty_mask() {
    Bits mask;
    while (mask.append(false)) {
    }
    return mask;
}

/// Bits `first` to `last`, inclusive.
constexpr Bits span_of(unsigned first, unsigned last) {
    Bits mask = empty_mask();
    for (unsigned bit = first; bit <= last; ++bit) mask.set(bit, true);
    return mask;
}

constexpr Bits list_of(std::initializer_list<unsigned> bits) {
    Bits mask = empty_mask();
    for (const unsigned bit : bits) mask.set(bit, true);
    return mask;
}

/// Two bits, skip one, two bits, ... from `first` up to `last`: the interleaved parity of the Corporate 1000 and 2804W formats.
constexpr Bits pairs_of(unsigned first, unsigned last) {
    Bits mask = empty_mask();
    for (unsigned bit = first; bit <= last; bit += 3) {
        mask.set(bit, true);
        if (bit + 1 <= last) mask.set(bit + 1, true);
    }
    return mask;
}

Parity even(unsigned bit, Bits set) { return {bit, Sense::even, set}; }
Parity odd(unsigned bit, Bits set) { return {bit, Sense::odd, set}; }

/// The usual shape: the first bit even over a first half, the last odd over a second.
std::vector<Parity> halves(unsigned bits, unsigned first_ends, unsigned second_begins) {
    return {even(0, span_of(1, first_ends)), odd(bits - 1, span_of(second_begins, bits - 2))};
}

/// P10001 ends with a byte that is the exclusive or of the four before: eight even parities, one for each column.
std::vector<Parity> xor_byte() {
    std::vector<Parity> columns;
    for (unsigned i = 0; i < 8; ++i) columns.push_back(even(32 + i, list_of({i, 8 + i, 16 + i, 24 + i})));
    return columns;
}

std::vector<Format> make_table() {
    const std::string_view no_parity = "no parity: a wire fault can turn one card into another";
    return {
        {"H10301", 26, {{"facility", 1, 8}, {"card", 9, 24}}, halves(26, 12, 13), {}, "the \"26-bit\" standard"},
        {"Indala26", 26, {{"facility", 1, 12}, {"card", 13, 24}}, halves(26, 12, 13), {}, ""},
        {"UID26", 26, {{"uid", 1, 24}}, halves(26, 12, 13), {}, "three bytes of a chip's number; not unique"},
        {"Indala27", 27, {{"facility", 0, 12}, {"card", 13, 26}}, {}, {}, no_parity},
        {"2804W",
         28,
         {{"facility", 4, 11}, {"card", 12, 26}},
         {odd(2, pairs_of(4, 26)), even(0, span_of(1, 13)), odd(27, span_of(0, 26))},
         {},
         ""},
        {"ATS30", 30, {{"facility", 1, 12}, {"card", 13, 28}}, halves(30, 12, 13), {}, ""},
        {"UID32", 32, {{"uid", 0, 31}}, {}, {}, no_parity},
        {"KantechKFS", 32, {{"facility", 7, 14}, {"card", 15, 30}}, {}, {}, "its parity is not known: nothing is checked"},
        {"Kastle",
         32,
         {{"issue", 2, 6}, {"facility", 7, 14}, {"card", 15, 30}},
         {even(0, span_of(1, 16)), odd(31, span_of(14, 30))},
         {{1, true}},
         ""},
        {"D10202", 33, {{"facility", 1, 7}, {"card", 8, 31}}, halves(33, 16, 16), {}, ""},
        {"H10306", 34, {{"facility", 1, 16}, {"card", 17, 32}}, halves(34, 16, 17), {}, ""},
        {"N10002", 34, {{"facility", 1, 16}, {"card", 17, 32}}, halves(34, 16, 17), {}, "as H10306"},
        {"UID34", 34, {{"uid", 1, 32}}, halves(34, 16, 17), {}, "the usual Wiegand 34: four bytes of a chip's number"},
        {"BQT34", 34, {{"facility", 1, 8}, {"card", 9, 32}}, halves(34, 16, 17), {}, ""},
        {"C1000-35",
         35,
         {{"facility", 2, 13}, {"card", 14, 33}},
         {even(1, pairs_of(2, 33)), odd(34, pairs_of(1, 32)), odd(0, span_of(1, 34))},
         {},
         "Corporate 1000"},
        {"C15001", 36, {{"oem", 1, 10}, {"facility", 11, 18}, {"card", 19, 34}}, halves(36, 17, 18), {}, "Keyscan"},
        {"S12906",
         36,
         {{"facility", 1, 8}, {"issue", 9, 10}, {"card", 11, 34}},
         {odd(0, span_of(1, 17)), odd(35, span_of(17, 34))},
         {},
         "Simplex; both parities odd"},
        {"H10302", 37, {{"card", 1, 35}}, halves(37, 18, 18), {}, ""},
        {"H10304", 37, {{"facility", 1, 16}, {"card", 17, 35}}, halves(37, 18, 18), {}, ""},
        {"BQT38", 38, {{"card", 1, 19}, {"issue", 20, 23}, {"facility", 24, 36}}, halves(38, 18, 19), {}, ""},
        {"Pyramid39", 39, {{"facility", 1, 17}, {"card", 18, 37}}, halves(39, 18, 19), {}, ""},
        {"P10001",
         40,
         {{"facility", 4, 15}, {"card", 16, 31}},
         xor_byte(),
         {{0, true}, {1, true}, {2, true}, {3, true}},
         "Honeywell; ends with the exclusive or of its bytes"},
        {"Verkada40",
         40,
         {{"facility", 1, 10}, {"card", 11, 38}},
         {even(0, span_of(1, 10)), even(39, span_of(11, 38))},
         {},
         "both parities even"},
        {"H800002", 46, {{"facility", 1, 14}, {"card", 15, 44}}, {even(0, span_of(1, 44)), odd(45, span_of(1, 44))}, {}, ""},
        {"C1000-48",
         48,
         {{"facility", 2, 23}, {"card", 24, 46}},
         {even(1, pairs_of(3, 46)), odd(47, pairs_of(2, 45)), odd(0, span_of(1, 47))},
         {},
         "Corporate 1000"},
        {"AWID50", 50, {{"facility", 1, 16}, {"card", 17, 48}}, halves(50, 24, 25), {}, "known from one published frame"},
        {"InnerRange56", 56, {{"facility", 0, 23}, {"card", 24, 55}}, {}, {}, no_parity},
        {"UID56", 56, {{"uid", 0, 55}}, {}, {}, no_parity},
        {"UID58", 58, {{"uid", 1, 56}}, halves(58, 28, 29), {}, "seven bytes of a chip's number; halves by common practice"},
    };
}

}  // namespace

std::span<const Format> formats() {
    static const std::vector<Format> table = make_table();
    return table;
}

}  // namespace menshen::drivers::wiegand
