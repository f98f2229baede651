#include "drivers/sink.hpp"

#include <array>

#include "core/problems.hpp"
#include "drivers/wiegand/bits.hpp"

namespace menshen::drivers {

std::string_view name_of(Line line) {
    switch (line) {
        case Line::contact:
            return "contact";
        case Line::exit_button:
            return "exit_button";
        case Line::fire:
            return "fire";
        case Line::tamper:
            return "tamper";
        case Line::activity:
            return "activity";
    }
    return "?";
}

Result<Injection> parse_injection(DeviceId device, std::string_view what, std::string_view value) {
    for (const Line line : {Line::contact, Line::exit_button, Line::fire, Line::tamper, Line::activity}) {
        if (what != name_of(line)) continue;
        if (value != "on" && value != "off") return fail("{} is \"on\" or \"off\", got \"{}\"", what, value);
        return Injection{std::move(device), InjectLine{line, value == "on"}};
    }
    if (what == "bits") {
        const bool is_number = value.find(':') != value.npos;
        const auto bits = is_number ? wiegand::Bits::parse_number(value) : wiegand::Bits::parse(value);
        if (!bits) return tl::unexpected(bits.error());
        return Injection{std::move(device), InjectBits{bits->zeros_and_ones()}};
    }
    if (what == "picture") {
        if (value.empty()) return fail("picture needs the path of a file");
        return Injection{std::move(device), InjectPicture{std::string(value)}};
    }
    if (what == "fail") return Injection{std::move(device), InjectFault{std::string(value)}};
    if (what == "mend") return Injection{std::move(device), InjectMend{}};
    static constexpr std::array<std::string_view, 9> kChoices{"activity", "bits", "contact", "exit_button", "fail",
                                                              "fire",     "mend", "picture", "tamper"};
    return fail("\"{}\" cannot be injected{}", what, suggestion(what, kChoices));
}

}  // namespace menshen::drivers
