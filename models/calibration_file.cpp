// The form in which thresholds are written and read.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/document.hpp"
#include "models/calibration.hpp"

namespace menshen::models {
namespace {

constexpr long long kMaxPersons = 10'000'000;
constexpr std::size_t kMaxEntries = 5'000;
constexpr std::array<std::string_view, 3> kFusions = {"best", "mean", "best+mean"};
constexpr double kMaxCosine = 2;  // kNeverMatches.

Rate read_rate(MapReader& reader, std::string_view key, const Node& node) {
    std::array<double, 3> values{};
    const auto wrong = [&] {
        reader.complain(node, key, "must be [rate, low, high], three numbers from 0 to 1, low <= rate <= high");
    };
    if (node.type != Node::Type::list || node.items.size() != values.size()) return wrong(), Rate{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        char* end = nullptr;
        const auto& text = node.items[i].scalar;
        values[i] = std::strtod(text.c_str(), &end);
        if (text.empty() || *end != '\0' || !(values[i] >= 0 && values[i] <= 1)) return wrong(), Rate{};
    }
    if (values[1] > values[0] || values[0] > values[2]) return wrong(), Rate{};
    return {values[0], values[1], values[2]};
}

std::optional<Rate> read_optional_rate(MapReader& reader, std::string_view key) {
    const Node* node = reader.take(key);
    if (node == nullptr) return std::nullopt;
    return read_rate(reader, key, *node);
}

Rate read_required_rate(MapReader& reader, std::string_view key) {
    const Node* node = reader.require(key);
    return node == nullptr ? Rate{} : read_rate(reader, key, *node);
}

double required_number(MapReader& reader, std::string_view key, double low, double high) {
    return reader.require(key) == nullptr ? 0 : reader.number(key, low, high).value_or(0);
}

std::size_t required_count(MapReader& reader, std::string_view key, long long low) {
    return reader.require(key) == nullptr ? 0 : static_cast<std::size_t>(reader.integer(key, low, kMaxPersons).value_or(0));
}

bool required_boolean(MapReader& reader, std::string_view key) {
    return reader.require(key) != nullptr && reader.boolean(key).value_or(false);
}

/// Nobody observed what an extrapolated entry says, and its name must not claim it.
std::string_view name_of_rate(bool measured) { return measured ? "observed" : "expected"; }

Calibration::OneToMany read_one_to_many(MapReader& reader) {
    Calibration::OneToMany out;
    out.persons = required_count(reader, "persons", 1);
    out.fpir = required_number(reader, "fpir", 1e-9, 1);
    out.cosine = static_cast<float>(required_number(reader, "cosine", -1, kMaxCosine));
    out.measured = required_boolean(reader, "measured");
    out.rate = read_required_rate(reader, name_of_rate(out.measured));
    out.tpir = read_optional_rate(reader, "tpir");
    out.behind = required_count(reader, "behind", 0);
    return out;
}

Calibration::OneToOne read_one_to_one(MapReader& reader) {
    Calibration::OneToOne out;
    out.fmr = required_number(reader, "fmr", 1e-9, 1);
    out.cosine = static_cast<float>(required_number(reader, "cosine", -1, kMaxCosine));
    out.measured = required_boolean(reader, "measured");
    out.rate = read_required_rate(reader, name_of_rate(out.measured));
    out.fnmr = read_optional_rate(reader, "fnmr");
    out.behind = required_count(reader, "behind", 0);
    return out;
}

/// What two neighbours in a list must keep to; the text says what is wrong and what to do, and is empty when all is well.
std::string order_problem(const Calibration::OneToMany& before, const Calibration::OneToMany& after) {
    if (after.persons < before.persons)
        return "comes after a larger gallery: sort by persons, then from the loosest fpir to the strictest";
    if (after.persons > before.persons) return {};
    if (after.fpir >= before.fpir)
        return "must be stricter than the entry before it: sort fpir from the loosest to the strictest, each once";
    if (after.cosine < before.cosine) return "has a lower cosine than a looser fpir before it: run menshen-faces calibrate again";
    return {};
}

std::string order_problem(const Calibration::OneToOne& before, const Calibration::OneToOne& after) {
    if (after.fmr >= before.fmr)
        return "must be stricter than the entry before it: sort fmr from the loosest to the strictest, each once";
    if (after.cosine < before.cosine) return "has a lower cosine than a looser fmr before it: run menshen-faces calibrate again";
    return {};
}

template <class T>
std::vector<T> read_list(MapReader& top, std::string_view key, T (*read)(MapReader&)) {
    std::vector<T> out;
    const Node* node = top.require(key);
    if (node == nullptr) return out;
    if (node->type != Node::Type::list || node->items.empty() || node->items.size() > kMaxEntries) {
        top.complain(*node, key, fmt::format("must be a list of 1 to {} entries", kMaxEntries));
        return out;
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        MapReader reader(node->items[i], top.file(), fmt::format("{}[{}]", key, i), top.problems());
        const auto errors = top.problems().errors();
        out.push_back(read(reader));
        reader.finish();
        if (i == 0 || top.problems().errors() != errors) continue;
        if (const auto problem = order_problem(out[i - 1], out[i]); !problem.empty())
            reader.complain(node->items[i], "", problem);
    }
    return out;
}

/// A larger gallery with a lower threshold for the same rate would make a house less safe by growing.
void check_growth(const Calibration& table, const Node& list, MapReader& top) {
    for (std::size_t i = 0; i < table.one_to_many.size(); ++i)
        for (std::size_t j = i + 1; j < table.one_to_many.size(); ++j) {
            const auto &small = table.one_to_many[i], &large = table.one_to_many[j];
            if (large.persons == small.persons || large.fpir > small.fpir || large.cosine >= small.cosine) continue;
            top.complain(list.items[j], fmt::format("one_to_many[{}]", j),
                         fmt::format("has a lower cosine than for {} persons: run menshen-faces calibrate again", small.persons));
            return;  // One is enough: the rest follows from it.
        }
}

float number_of(MapReader& top, std::string_view key) { return static_cast<float>(required_number(top, key, -1, kMaxCosine)); }

std::string text_of(const Rate& rate) { return fmt::format("[{:.3g}, {:.3g}, {:.3g}]", rate.value, rate.low, rate.high); }

/// As YAML's double-quoted text: a line break written as it is would come back as a space, or begin a document of its own.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            out += fmt::format("\\x{:02x}", c);
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

}  // namespace

std::optional<Calibration> parse_calibration(std::string_view file, std::string_view text, Problems& problems) {
    const auto before = problems.errors();
    const auto root = parse_document(file, text, problems);
    if (!root) return std::nullopt;
    MapReader top(*root, std::string(file), "", problems);
    if (top.require("version") != nullptr) (void)top.integer("version", 1, 1);
    Calibration out;
    out.model = top.required_text("model").value_or("");
    out.weights = top.required_text("weights").value_or("");
    out.source = top.required_text("source").value_or("");
    out.pipeline = top.required_text("pipeline").value_or("");
    out.preparation = top.text("preparation").value_or("");
    if (out.preparation.empty())
        top.complain(
            *root, "preparation",
            "is missing: it is not known how the faces were prepared; make the table again with: menshen face calibrate");
    if (top.require("fusion") != nullptr)
        out.fusion = fusion_of(top.choice("fusion", kFusions).value_or("")).value_or(Fusion::best);
    out.persons = required_count(top, "persons", 0);
    out.pictures = required_count(top, "pictures", 0);
    out.margin = number_of(top, "margin");
    out.stranger_ceiling = number_of(top, "stranger_ceiling");
    out.stranger_join = number_of(top, "stranger_join");
    out.stranger_new = number_of(top, "stranger_new");
    out.one_to_one = read_list(top, "one_to_one", read_one_to_one);
    out.one_to_many = read_list(top, "one_to_many", read_one_to_many);
    top.finish();
    if (problems.errors() == before) check_growth(out, *root->find("one_to_many"), top);
    if (problems.errors() != before) return std::nullopt;
    return out;
}

std::string to_yaml(const Calibration& table) {
    std::string out = fmt::format(
        "version: 1\nmodel: {}\nweights: {}\nsource: {}\npipeline: {}\npreparation: {}\nfusion: {}\n# What the thresholds were "
        "fitted "
        "on.\npersons: {}\n"
        "pictures: {}\nmargin: {:.4f}\nstranger_ceiling: {:.4f}\nstranger_join: {:.4f}\nstranger_new: {:.4f}\n",
        quoted(table.model), quoted(table.weights), quoted(table.source), quoted(table.pipeline), quoted(table.preparation),
        name_of(table.fusion), table.persons, table.pictures, table.margin, table.stranger_ceiling, table.stranger_join,
        table.stranger_new);
    out +=
        "# fnmr, tpir, observed, expected: [rate, low, high], low to high being the 95 % interval. An observed rate was counted. "
        "An expected one\n"
        "# (measured: false) nobody has seen: it continues what was counted at looser rates and in smaller galleries.\n";
    out += "one_to_one:\n";
    for (const auto& entry : table.one_to_one)
        out += fmt::format("  - {{fmr: {:.3g}, cosine: {:.4f}, measured: {}, {}: {}{}, behind: {}}}\n", entry.fmr, entry.cosine,
                           entry.measured, name_of_rate(entry.measured), text_of(entry.rate),
                           entry.fnmr ? ", fnmr: " + text_of(*entry.fnmr) : "", entry.behind);
    out += "one_to_many:\n";
    for (const auto& entry : table.one_to_many)
        out += fmt::format("  - {{persons: {}, fpir: {:.3g}, cosine: {:.4f}, measured: {}, {}: {}{}, behind: {}}}\n",
                           entry.persons, entry.fpir, entry.cosine, entry.measured, name_of_rate(entry.measured),
                           text_of(entry.rate), entry.tpir ? ", tpir: " + text_of(*entry.tpir) : "", entry.behind);
    return out;
}

}  // namespace menshen::models
