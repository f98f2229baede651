#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "drivers/wiegand/format.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::drivers::wiegand;

namespace {

using Fields = std::map<std::string, std::uint64_t>;

struct CardVector {
    std::string format;
    Fields fields;
    std::string frame;
    std::string number;
};

/// The committed cards, one a line.
std::vector<CardVector> read_cards() {
    std::ifstream file(std::string(MENSHEN_SOURCE_DIR) + "/tests/drivers/card_vectors.txt");
    REQUIRE(file);
    std::vector<CardVector> cards;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream words(line);
        CardVector card;
        std::string fields;
        words >> card.format >> fields >> card.frame >> card.number;
        std::istringstream parts(fields);
        for (std::string part; std::getline(parts, part, ',');) {
            const auto equals = part.find('=');
            card.fields[part.substr(0, equals)] = std::stoull(part.substr(equals + 1));
        }
        cards.push_back(card);
    }
    return cards;
}

Fields random_fields(const Format& format, std::mt19937_64& random) {
    Fields fields;
    for (const auto& field : format.fields) {
        const unsigned width = field.last - field.first + 1;
        fields[std::string(field.name)] = random() & ((std::uint64_t{1} << width) - 1);
    }
    return fields;
}

}  // namespace

TEST_CASE("the table of formats is sound", "[unit]") {
    std::set<std::string_view> names;
    unsigned longest_so_far = 0;
    for (const auto& format : formats()) {
        CAPTURE(format.name);
        CHECK(names.insert(format.name).second);
        CHECK(format.bits >= longest_so_far);
        longest_so_far = format.bits;
        CHECK(format.bits >= 26);
        CHECK(format.bits <= 64);
        std::set<unsigned> used;
        for (const auto& field : format.fields) {
            CHECK(field.first <= field.last);
            CHECK(field.last < format.bits);
            for (unsigned bit = field.first; bit <= field.last; ++bit) CHECK(used.insert(bit).second);
        }
        for (const auto& parity : format.parity) {
            CHECK(used.insert(parity.bit).second);
            CHECK_FALSE(parity.set[parity.bit]);
            for (unsigned bit = format.bits; bit < Bits::kLimit; ++bit) CHECK_FALSE(parity.set[bit]);
        }
        for (const auto& fixed : format.fixed) CHECK(used.insert(fixed.bit).second);
    }
    CHECK(formats().size() >= 25);
}

TEST_CASE("cards of every format are packed and read as an independent program does", "[unit]") {
    std::set<std::string> tested;
    for (const auto& card : read_cards()) {
        CAPTURE(card.format, card.frame);
        const Format* format = find_format(card.format);
        REQUIRE(format != nullptr);
        const auto frame = Bits::parse(card.frame).value();
        CHECK(encode(*format, card.fields).value() == frame);
        CHECK(check(*format, frame));
        CHECK(is_valid(*format, frame));
        CHECK(read_fields(*format, frame) == card.fields);
        CHECK(frame.text() == card.number);
        tested.insert(card.format);
    }
    for (const auto& format : formats()) CHECK(tested.contains(std::string(format.name)));
}

TEST_CASE("every single inverted bit is refused by every format that has parity", "[unit]") {
    std::mt19937_64 random(11);
    for (const auto& format : formats()) {
        if (!format.is_checked()) continue;
        for (int card = 0; card < 20; ++card) {
            const auto frame = encode(format, random_fields(format, random)).value();
            for (unsigned bit = 0; bit < format.bits; ++bit) {
                CAPTURE(format.name, frame.text(), bit);
                auto flipped = frame;
                flipped.set(bit, !frame[bit]);
                REQUIRE_FALSE(is_valid(format, flipped));
                const auto why = check(format, flipped);
                REQUIRE_FALSE(why);
                REQUIRE_THAT(why.error().message, Catch::StartsWith(std::string(format.name) + ": "));
            }
        }
    }
}

TEST_CASE("swapped wires are refused by every format with parity but C15001", "[unit]") {
    std::mt19937_64 random(12);
    for (const auto& format : formats()) {
        if (!format.is_checked()) continue;
        CAPTURE(format.name);
        const auto frame = encode(format, random_fields(format, random)).value();
        CHECK(is_valid(format, frame.inverted()) == (format.name == "C15001"));
    }
}

TEST_CASE("a lost or an extra bit is refused", "[unit]") {
    const Format& format = *find_format("H10301");
    CHECK(check(format, Bits::parse("1011110110001000111010111").value()).error().message == "H10301: 26 bits expected, got 25");
    CHECK_FALSE(is_valid(format, Bits::parse("1011110110001000111010111").value()));
    CHECK_FALSE(is_valid(format, Bits::parse("101111011000100011101011100").value()));
}

TEST_CASE("the error names the format and which parity", "[unit]") {
    const Format& h10301 = *find_format("H10301");
    CHECK(check(h10301, Bits::parse("00111101100010001110101110").value()).error().message ==
          "H10301: leading parity is odd, must be even");
    CHECK(check(h10301, Bits::parse("10111101100010001110101111").value()).error().message ==
          "H10301: trailing parity is even, must be odd");
    CHECK(check(h10301, Bits::parse("10111101100010001110101110").value().inverted()).error().message ==
          "H10301: leading parity is odd, must be even, trailing parity is even, must be odd");
    const Format& corporate = *find_format("C1000-35");
    auto frame = encode(corporate, {{"facility", 7}, {"card", 9}}).value();
    frame.set(1, !frame[1]);
    CHECK_THAT(check(corporate, frame).error().message, Catch::Contains("parity at bit 1 is odd, must be even"));
    const Format& kastle = *find_format("kastle");
    frame = encode(kastle, {{"card", 5}}).value();
    frame.set(1, false);
    CHECK_THAT(check(kastle, frame).error().message, Catch::Contains("bit 1 must be 1"));
}

TEST_CASE("a card that does not fit its format is refused", "[unit]") {
    const Format& format = *find_format("H10301");
    CHECK(encode(format, {{"card", 65536}}).error().message == "H10301: card has 16 bits, 65536 is too large");
    CHECK(encode(format, {{"uid", 1}}).error().message == "H10301 has no field \"uid\"");
    CHECK(find_format("H1030") == nullptr);
    CHECK(find_format("h10301") == &format);
    CHECK(format_names().size() == formats().size());
}

TEST_CASE("keys of a keypad", "[unit]") {
    const std::string keys = "0123456789*#";
    int known = 0;
    for (unsigned value = 0; value < 16; ++value) {
        Bits four, eight;
        for (unsigned bit = 4; bit-- > 0;) four.append((value >> bit & 1) != 0);
        for (unsigned bit = 4; bit-- > 0;) eight.append((value >> bit & 1) == 0);
        for (unsigned bit = 4; bit-- > 0;) eight.append((value >> bit & 1) != 0);
        CHECK(decode_key(four).has_value() == (value < 12));
        CHECK(decode_key(eight) == decode_key(four));
        if (value < 12) CHECK(decode_key(four) == keys[value]);
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bits flipped = eight;
            flipped.set(bit, !eight[bit]);
            CHECK_FALSE(decode_key(flipped));
        }
        ++known;
    }
    CHECK(known == 16);
    CHECK_FALSE(decode_key(Bits::parse("000000").value()));
}

TEST_CASE("the shared vectors hold", "[unit]") {
    const std::filesystem::path path = std::filesystem::path(MENSHEN_SOURCE_DIR) / "../shared/data/wiegand/vectors.json";
    std::ifstream file(path);
    if (!file) {
        WARN("no shared vectors beside the repository; the committed ones were tested");
        return;
    }
    const auto vectors = nlohmann::json::parse(file);
    const std::map<std::string, std::string> ours{{"UID24-26", "UID26"},
                                                  {"UID32-34", "UID34"},
                                                  {"KantechKFS32", "KantechKFS"},
                                                  {"C1k35s", "C1000-35"},
                                                  {"C1k48s", "C1000-48"}};
    const auto format_of = [&](const nlohmann::json& vector) {
        const auto theirs = vector.at("format").get<std::string>();
        const auto renamed = ours.find(theirs);
        return find_format(renamed == ours.end() ? theirs : renamed->second);
    };
    for (const auto& card : vectors.at("cards")) {
        CAPTURE(card.dump());
        const Format* format = format_of(card);
        REQUIRE(format != nullptr);
        const auto frame = Bits::parse(card.at("frame").get<std::string>()).value();
        CHECK(check(*format, frame));
        CHECK(frame.text() == std::to_string(card.at("bits").get<int>()) + ":" + card.at("frame_hex").get<std::string>());
        const auto fields = read_fields(*format, frame);
        for (const auto& [name, value] : card.at("fields").items()) {
            const auto field = name == "fc" ? "facility" : fields.contains("card") ? "card" : "uid";
            CHECK(fields.at(field) == value.get<std::uint64_t>());
        }
        CHECK(encode(*format, fields).value() == frame);
    }
    for (const auto& reject : vectors.at("rejects")) {
        CAPTURE(reject.dump());
        const Format* format = format_of(reject);
        REQUIRE(format != nullptr);
        CHECK_FALSE(check(*format, Bits::parse(reject.at("frame").get<std::string>()).value()));
    }
    for (const auto& key : vectors.at("keypad")) {
        CAPTURE(key.dump());
        CHECK(decode_key(Bits::parse(key.at("burst4").get<std::string>()).value()) == key.at("key").get<std::string>()[0]);
        CHECK(decode_key(Bits::parse(key.at("burst8").get<std::string>()).value()) == key.at("key").get<std::string>()[0]);
    }
    const auto& uid = vectors.at("uid_byte_order").at(1);
    CHECK(encode(*find_format("UID34"), {{"uid", 0x04A1B2C3}})->zeros_and_ones() ==
          uid.at("wiegand34_msb_first").get<std::string>());
    CHECK(encode(*find_format("UID34"), {{"uid", 0xC3B2A104}})->zeros_and_ones() ==
          uid.at("wiegand34_reversed").get<std::string>());
    CHECK(encode(*find_format("UID26"), {{"uid", 0x04A1B2}})->zeros_and_ones() == uid.at("wiegand26_first3").get<std::string>());
}
