#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "rules/parse_parts.hpp"

namespace menshen::rules {

namespace {

constexpr std::array<std::string_view, 16> kFields{
    "person",    "household", "card", "stranger", "door",        "device",    "side",           "method",
    "certainty", "reason",    "tag",  "late",     "person.tags", "gate.tags", "household.size", "stranger.label"};
constexpr std::array<std::string_view, 2> kTagFields{"person.tags", "gate.tags"};
constexpr std::array<std::string_view, 2> kBooleans{"true", "false"};
constexpr std::size_t kMostValues = 1000;
constexpr int kLargestHousehold = 1000;

/// The values that a field with a closed set of them may have.
std::span<const std::string_view> choices_of(std::string_view field) {
    if (field == "side") return kSides;
    if (field == "method") return kMethods;
    if (field == "certainty") return kCertainties;
    if (field == "late") return kBooleans;
    return {};
}

/// Reads maps of `field: value` and `field: [values]`.
class TestsReader {
public:
    TestsReader(MapReader& rule, std::string path, std::span<const std::string_view> fields)
        : file_(rule.file()), path_(std::move(path)), problems_(rule.problems()), fields_(fields) {}

    [[nodiscard]] bool is_field(const Node::Entry& entry) {
        if (std::find(fields_.begin(), fields_.end(), entry.key) != fields_.end()) return true;
        if (entry.key.starts_with("more.") && entry.key.size() > 5 && fields_.size() == kFields.size()) return true;
        if (entry.key == "origin") {
            complain(entry.place, entry.key, "is not supported by this version of Menshen");
        } else {
            complain(entry.place, entry.key, "is not known here" + suggestion(entry.key, fields_));
        }
        return false;
    }

    void read(const Node::Entry& entry, std::vector<FieldTest>& out) {
        if (!is_field(entry)) return;
        FieldTest test{entry.key.starts_with("more.") ? entry.key.substr(5) : entry.key, {}};
        for (const auto& value : values(entry)) {
            const auto choices = choices_of(entry.key);
            if (!choices.empty() && std::find(choices.begin(), choices.end(), value->scalar) == choices.end()) {
                complain(value->place, entry.key,
                         fmt::format("cannot be \"{}\"{}", value->scalar, suggestion(value->scalar, choices)));
            }
            if (entry.key == "household.size" && !is_size(*value)) {
                complain(value->place, entry.key,
                         fmt::format("must be a whole number from 1 to {}, got \"{}\"", kLargestHousehold, value->scalar));
            }
            test.values.push_back(value->scalar);
        }
        std::sort(test.values.begin(), test.values.end());
        test.values.erase(std::unique(test.values.begin(), test.values.end()), test.values.end());
        if (!test.values.empty()) out.push_back(std::move(test));
    }

    void complain(Place at, std::string_view key, std::string_view message) {
        problems_.add(file_, at, fmt::format("{}{}{} {}", path_, key.empty() ? "" : ".", key, message));
    }

private:
    /// Sizes are compared as texts: "02" or a quoted number would never match.
    static bool is_size(const Node& value) {
        int size = 0;
        const auto* const end = value.scalar.data() + value.scalar.size();
        const auto [at, error] = std::from_chars(value.scalar.data(), end, size);
        return !value.quoted && error == std::errc{} && at == end && size >= 1 && size <= kLargestHousehold &&
               value.scalar.front() != '0';
    }

    std::vector<const Node*> values(const Node::Entry& entry) {
        std::vector<const Node*> out;
        if (entry.value.type == Node::Type::null) return out;  // said already
        if (entry.value.type == Node::Type::scalar) return {&entry.value};
        if (entry.value.type != Node::Type::list || entry.value.items.empty()) {
            complain(entry.value.place, entry.key, "needs a value or a list of values, any of which will do");
            return out;
        }
        if (entry.value.items.size() > kMostValues) {
            complain(entry.value.place, entry.key, fmt::format("has more than {} values", kMostValues));
            return out;
        }
        for (const auto& item : entry.value.items) {
            if (item.type == Node::Type::scalar) {
                out.push_back(&item);
            } else {
                complain(item.place, entry.key, "must hold plain values only");
            }
        }
        return out;
    }

    std::string file_;
    std::string path_;
    Problems& problems_;
    std::span<const std::string_view> fields_;
};

void sort_tests(std::vector<FieldTest>& tests) {
    std::sort(tests.begin(), tests.end(),
              [](const auto& a, const auto& b) { return std::tie(a.field, a.values) < std::tie(b.field, b.values); });
}

void read_not(MapReader& rule, const Node& node, Where& out) {
    TestsReader reader(rule, rule.path_of("where.not"), kFields);
    if (node.type != Node::Type::map || node.entries.empty()) {
        reader.complain(node.place, "", "must be a map of fields and values");
        return;
    }
    std::vector<FieldTest> tests;
    for (const auto& entry : node.entries) reader.read(entry, tests);
    sort_tests(tests);
    if (!tests.empty()) out.none.push_back(std::move(tests));
}

}  // namespace

void read_where(MapReader& map, Where& out) {
    const Node* node = map.take("where");
    if (node == nullptr) return;
    TestsReader reader(map, map.path_of("where"), kFields);
    if (node->type != Node::Type::map) {
        reader.complain(node->place, "", "must be a map of fields and values");
        return;
    }
    for (const auto& entry : node->entries) {
        if (entry.key != "not") {
            reader.read(entry, out.all);
        } else if (entry.value.type == Node::Type::list) {
            if (entry.value.items.empty())
                reader.complain(entry.value.place, "not", "is an empty list; leave the key out instead");
            for (const auto& item : entry.value.items) read_not(map, item, out);
        } else if (entry.value.type != Node::Type::null) {
            read_not(map, entry.value, out);
        }
    }
    sort_tests(out.all);
    // The order of the list means nothing.
    const auto order = [](const auto& tests) {
        std::vector<std::pair<std::string, std::vector<std::string>>> key;
        key.reserve(tests.size());
        for (const auto& test : tests) key.emplace_back(test.field, test.values);
        return key;
    };
    std::sort(out.none.begin(), out.none.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
}

void read_unless(MapReader& rule, const Rule& so_far, std::vector<FieldTest>& out) {
    const Node* node = rule.take("unless");
    if (node == nullptr) return;
    TestsReader reader(rule, rule.path_of("unless"), kTagFields);
    if (node->type != Node::Type::map) {
        reader.complain(node->place, "", "must be a map, as in {person.tags: away}");
        return;
    }
    for (const auto& entry : node->entries) {
        reader.read(entry, out);
        if (entry.key == "person.tags" && std::holds_alternative<Absent>(so_far.condition) && so_far.per != Per::person) {
            reader.complain(entry.place, entry.key, "beside absent needs `per: person`: nobody else has tags");
        }
    }
    sort_tests(out);
}

}  // namespace menshen::rules
