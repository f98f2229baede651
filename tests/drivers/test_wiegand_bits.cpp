#include "drivers/wiegand/bits.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using drivers::wiegand::Bits;

TEST_CASE("a card number keeps its leading zeros", "[unit]") {
    const auto bits = Bits::parse("0000000000000000000000000001").value();
    CHECK(bits.text() == "28:0000001");
    CHECK(Bits::parse("00000000000000000000000001")->text() == "26:0000001");
    CHECK(Bits::parse("1")->text() == "1:1");
    CHECK(Bits::parse(std::string(128, '1'))->text() == "128:" + std::string(32, 'F'));
}

TEST_CASE("a card number reads back as the frame it came from, at every length", "[unit]") {
    std::uint32_t state = 1;
    for (unsigned size = 1; size <= Bits::kLimit; ++size) {
        std::string text;
        for (unsigned i = 0; i < size; ++i) {
            state = state * 1664525u + 1013904223u;
            text += state >> 31 ? '1' : '0';
        }
        CAPTURE(text);
        const auto bits = Bits::parse(text).value();
        REQUIRE(bits.size() == size);
        REQUIRE(bits.zeros_and_ones() == text);
        REQUIRE(bits.number().hex.size() == (size + 3) / 4);
        REQUIRE(Bits::parse_number(bits.text()).value() == bits);
        REQUIRE(bits.inverted().inverted() == bits);
        REQUIRE_FALSE(bits.inverted() == bits);
    }
}

TEST_CASE("what is no frame is refused with the reason", "[unit]") {
    CHECK(Bits::parse("").error().message == "a frame has at least one bit");
    CHECK(Bits::parse("10a1").error().message == "bits are written with 0 and 1, got \"10a1\"");
    CHECK(Bits::parse(std::string(129, '0')).error().message == "a frame has at most 128 bits, got 129");
    Bits full = Bits::parse(std::string(128, '0')).value();
    CHECK_FALSE(full.append(true));
    CHECK(full.zeros_and_ones() == std::string(128, '0'));
}

TEST_CASE("what is no card number is refused with the reason", "[unit]") {
    const auto [text, words] = GENERATE(table<std::string, std::string>({
        {"", "bits:hex"},
        {":", "bits:hex"},
        {"2F623AE", "bits:hex"},
        {"26:", "7 hex digits"},
        {"26:2F623A", "7 hex digits, leading zeros included"},
        {"26:02F623AE", "7 hex digits"},
        {"26:2F623AG", "bits:hex"},
        {"26:4000000", "has more than 26 bits"},
        {"0:", "1 to 128 bits"},
        {"129:000000000000000000000000000000000", "1 to 128 bits"},
        {"-1:0", "bits:hex"},
        {"99999999999:0", "bits:hex"},
        {"26 :2F623AE", "bits:hex"},
    }));
    CAPTURE(text);
    const auto bits = Bits::parse_number(text);
    REQUIRE_FALSE(bits);
    CHECK_THAT(bits.error().message, Catch::Contains(words));
}

TEST_CASE("hex digits of either case name the same card", "[unit]") {
    CHECK(Bits::parse_number("26:2f623ae").value() == Bits::parse_number("26:2F623AE").value());
}

TEST_CASE("a field is read most significant bit first", "[unit]") {
    const auto bits = Bits::parse_number("26:2F623AE").value();
    CHECK(bits.field(1, 8) == 123);
    CHECK(bits.field(9, 24) == 4567);
    CHECK(bits.field(0, 0) == 1);
    const auto two_words = Bits::parse(std::string(60, '0') + "10100001" + std::string(60, '0')).value();
    CHECK(two_words.field(60, 67) == 0xA1);
    CHECK(two_words.field(0, 63) == 0xA);
}
