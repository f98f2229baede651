#include "rules/matcher.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace menshen::rules {

TagBits::TagBits(const RuleSet& set) {
    const auto collect = [&](const std::vector<FieldTest>& tests) {
        for (const auto& test : tests) {
            if (test.field.ends_with(".tags")) names_.insert(names_.end(), test.values.begin(), test.values.end());
        }
    };
    for (const auto& rule : set.rules) {
        collect(rule.where.all);
        for (const auto& tests : rule.where.none) collect(tests);
        collect(rule.unless);
        if (const auto* sequence = std::get_if<Sequence>(&rule.condition)) {
            collect(sequence->where.all);
            for (const auto& tests : sequence->where.none) collect(tests);
        }
    }
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

TagMask TagBits::bit(std::string_view tag) const {
    const auto it = std::lower_bound(names_.begin(), names_.end(), tag);
    const auto index = static_cast<std::size_t>(it - names_.begin());
    return it != names_.end() && *it == tag && index < 64 ? TagMask{1} << index : 0;
}

Matcher::Matcher(const Rule& rule, const TagBits& bits, const Calendar& calendar) : during_(rule.during), calendar_(&calendar) {
    compile(rule.where, bits);
    for (const auto& test : rule.unless) {
        const auto compiled = compile(test, bits);
        (compiled.what == What::gate_tags ? unless_gate_ : unless_person_) |= compiled.mask;
    }
}

Matcher::Matcher(const Where& where, const TagBits& bits) { compile(where, bits); }

void Matcher::compile(const Where& where, const TagBits& bits) {
    for (const auto& test : where.all) {
        all_.push_back(compile(test, bits));
        by_tags_ = by_tags_ || all_.back().what == What::person_tags;
    }
    for (const auto& tests : where.none) {
        auto& compiled = none_.emplace_back();
        for (const auto& test : tests) compiled.push_back(compile(test, bits));
    }
}

Matcher::Test Matcher::compile(const FieldTest& test, const TagBits& bits) {
    constexpr std::array<std::pair<std::string_view, What>, 15> names{{{"person.tags", What::person_tags},
                                                                       {"gate.tags", What::gate_tags},
                                                                       {"side", What::side},
                                                                       {"method", What::method},
                                                                       {"certainty", What::certainty},
                                                                       {"person", What::person},
                                                                       {"household", What::household},
                                                                       {"card", What::card},
                                                                       {"stranger", What::stranger},
                                                                       {"door", What::door},
                                                                       {"device", What::device},
                                                                       {"reason", What::reason},
                                                                       {"tag", What::tag},
                                                                       {"stranger.label", What::stranger_label},
                                                                       {"household.size", What::household_size}}};
    Test out;
    out.name = test.field;
    out.values = test.values;
    const auto it = std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == test.field; });
    if (it != names.end()) out.what = it->second;
    const auto add = [&](const auto& parsed) {
        if (parsed) out.mask |= std::uint64_t{1} << static_cast<unsigned>(*parsed);
    };
    for (const auto& value : test.values) {
        if (out.what == What::person_tags || out.what == What::gate_tags) out.mask |= bits.bit(value);
        if (out.what == What::side) add(parse_side(value));
        if (out.what == What::method) add(parse_method(value));
        if (out.what == What::certainty) add(parse_certainty(value));
    }
    return out;
}

bool Matcher::Test::has(const std::string& value) const {
    return !value.empty() && std::find(values.begin(), values.end(), value) != values.end();
}

bool Matcher::Test::holds(const Record& record, Tags tags) const {
    const auto in_mask = [&](const auto& value) { return value && ((mask >> static_cast<unsigned>(*value)) & 1) != 0; };
    switch (what) {
        case What::person_tags:
            return (tags.person & mask) != 0;
        case What::gate_tags:
            return (tags.gate & mask) != 0;
        case What::side:
            return in_mask(record.side);
        case What::method:
            return in_mask(record.method);
        case What::certainty:
            return in_mask(record.certainty);
        case What::person:
            return has(record.person.str());
        case What::household:
            return has(record.household.str());
        case What::card:
            return has(record.card.str());
        case What::stranger:
            return has(record.stranger.str());
        case What::door:
            return has(record.door.str());
        case What::device:
            return has(record.device.str());
        case What::reason:
            return has(record.reason);
        case What::tag:
            return has(record.tag);
        case What::stranger_label:
            return tags.stranger_label != nullptr && has(*tags.stranger_label);
        case What::household_size:
            return record.household_size > 0 && has(std::to_string(record.household_size));
        case What::other:
            break;
    }
    if (name == "late") return has(record.late ? "true" : "false");
    const auto found = field(record, name);
    return std::any_of(found.begin(), found.end(), [&](const std::string& value) { return has(value); });
}

bool Matcher::matches(const Record& record, Tags tags) const {
    if (during_ && (!record.wall_is_trusted || !during_->holds(record.at, *calendar_))) return false;
    const auto holds = [&](const Test& test) { return test.holds(record, tags); };
    return std::all_of(all_.begin(), all_.end(), holds) && std::none_of(none_.begin(), none_.end(), [&](const auto& tests) {
               return std::all_of(tests.begin(), tests.end(), holds);
           });
}

bool Matcher::admits(TagMask person) const {
    const auto is_tags = [](const Test& test) { return test.what == What::person_tags; };
    const auto holds = [&](const Test& test) { return (person & test.mask) != 0; };
    const bool wanted = std::all_of(all_.begin(), all_.end(), [&](const Test& test) { return !is_tags(test) || holds(test); });
    // A `not` that also asks for something else than tags says nothing of the person alone.
    return wanted && std::none_of(none_.begin(), none_.end(), [&](const auto& tests) {
               return std::all_of(tests.begin(), tests.end(), [&](const Test& test) { return is_tags(test) && holds(test); });
           });
}

}  // namespace menshen::rules
