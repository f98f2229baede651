#include "core/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace menshen {

namespace {

constexpr std::size_t kTextLimit = 1 << 20;
constexpr std::size_t kDepthLimit = 64;
constexpr std::size_t kNodeLimit = 200'000;
constexpr std::size_t kKeyLimit = 5000;  // of one map: twins are looked for one by one

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

/// Ends the parse; the problem has been added already.
struct Refused {};

/// Builds the tree from the parser's events: yaml-cpp's own nodes expand aliases and have no limits.
class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(std::string_view file, Problems& problems) : file_(file), problems_(problems) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (documents_++ > 0) refuse(mark, "a second document begins here (---); keep one in a file");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { leaf({.type = Node::Type::null, .place = place_of(mark)}); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "aliases (*name) are not supported; write the value out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
        Node node{.type = Node::Type::scalar, .place = place_of(mark), .scalar = value, .quoted = tag == "!"};
        if (!node.quoted && (value.empty() || value == "~" || value == "null")) node.type = Node::Type::null;
        leaf(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        open(mark, Node::Type::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        open(mark, Node::Type::map);
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] Node take_root() { return std::move(root_); }

private:
    /// A collection that is still open, and for a map the key that waits for its value.
    struct Level {
        Node node;
        std::optional<Node> key;
    };

    [[noreturn]] void refuse(const YAML::Mark& mark, std::string message) {
        problems_.add(file_, place_of(mark), std::move(message));
        throw Refused{};
    }

    void count(const YAML::Mark& mark) {
        if (++nodes_ > kNodeLimit) refuse(mark, fmt::format("more than {} values; split the file", kNodeLimit));
    }

    void open(const YAML::Mark& mark, Node::Type type) {
        count(mark);
        if (levels_.size() == kDepthLimit) refuse(mark, fmt::format("nested deeper than {} levels", kDepthLimit));
        levels_.push_back({.node = {.type = type, .place = place_of(mark)}, .key = std::nullopt});
    }

    void close() {
        Node node = std::move(levels_.back().node);
        levels_.pop_back();
        place(std::move(node));
    }

    void leaf(Node node) {
        YAML::Mark mark;
        mark.line = node.place.line - 1;
        mark.column = node.place.column - 1;
        count(mark);
        place(std::move(node));
    }

    void place(Node node) {
        if (levels_.empty()) {
            root_ = std::move(node);
            return;
        }
        auto& level = levels_.back();
        if (level.node.type == Node::Type::list) {
            level.node.items.push_back(std::move(node));
        } else if (!level.key) {
            level.key = std::move(node);
        } else {
            add_entry(level, std::move(node));
        }
    }

    void add_entry(Level& level, Node value) {
        const Node key = std::move(*level.key);
        level.key.reset();
        if (key.type == Node::Type::list || key.type == Node::Type::map) {
            problems_.add(file_, key.place, "a key must be plain text");
            return;
        }
        if (level.node.find(key.scalar) != nullptr) {
            problems_.add(file_, key.place, fmt::format("\"{}\" is given twice; keep one", key.scalar));
            return;
        }
        if (level.node.entries.size() == kKeyLimit) {
            problems_.add(file_, key.place, fmt::format("more than {} keys in one map; split it", kKeyLimit));
            throw Refused{};
        }
        level.node.entries.push_back({key.scalar, key.place, std::move(value)});
    }

    std::string file_;
    Problems& problems_;
    Node root_;
    std::vector<Level> levels_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

/// Where the text ceases to be UTF-8; its size when it does not. A zero byte counts: the YAML reader takes it for something else.
std::size_t first_bad_byte(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead == 0           ? 0
                                   : lead < 0x80       ? 1
                                   : (lead >> 5) == 6  ? 2
                                   : (lead >> 4) == 14 ? 3
                                   : (lead >> 3) == 30 ? 4
                                                       : 0;
        if (length == 0 || i + length > text.size()) return i;
        for (std::size_t k = 1; k < length; ++k) {
            if ((static_cast<unsigned char>(text[i + k]) >> 6) != 2) return i;
        }
        i += length;
    }
    return text.size();
}

Place place_at(std::string_view text, std::size_t byte) {
    const auto before = text.substr(0, byte);
    const auto line = before.rfind('\n');
    return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
            static_cast<int>(line == std::string_view::npos ? byte + 1 : byte - line)};
}

}  // namespace

const Node* Node::find(std::string_view key) const {
    const auto it = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
    return it == entries.end() ? nullptr : &it->value;
}

std::optional<Node> parse_document(std::string_view file, std::string_view text, Problems& problems) {
    if (text.size() > kTextLimit) {
        problems.add(file, {}, fmt::format("larger than 1 MiB ({} bytes); split the file", text.size()));
        return std::nullopt;
    }
    if (const auto bad = first_bad_byte(text); bad != text.size()) {
        const bool is_zero = text[bad] == '\0';
        problems.add(file, place_at(text, bad), is_zero ? "holds a zero byte: no text file" : "not UTF-8 text; save it as UTF-8");
        return std::nullopt;
    }
    TreeBuilder builder(file, problems);
    try {
        std::istringstream in{std::string(text)};
        YAML::Parser parser(in);
        if (!parser.HandleNextDocument(builder)) return Node{.place = {1, 1}};
        parser.HandleNextDocument(builder);  // what stands after a --- must not be passed over in silence
    } catch (const Refused&) {
        return std::nullopt;
    } catch (const YAML::Exception& error) {
        problems.add(file, place_of(error.mark), fmt::format("not YAML: {}", error.msg));
        return std::nullopt;
    }
    return builder.take_root();
}

MapReader::MapReader(const Node& node, std::string file, std::string path, Problems& problems)
    : node_(node), file_(std::move(file)), path_(std::move(path)), problems_(problems) {
    if (node.type != Node::Type::map && node.type != Node::Type::null) complain(node, "", "must be a map of keys and values");
}

std::string MapReader::path_of(std::string_view key) const {
    if (key.empty()) return path_.empty() ? "the file" : path_;
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void MapReader::complain(const Node& at, std::string_view key, std::string message) {
    problems_.add(file_, at.place, fmt::format("{} {}", path_of(key), message));
}

const Node* MapReader::take(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    const Node* found = node_.find(key);
    return found != nullptr && found->type == Node::Type::null ? nullptr : found;
}

const Node* MapReader::require(std::string_view key) {
    const Node* found = take(key);
    if (found == nullptr) complain(node_, key, "is missing");
    return found;
}

const Node* MapReader::scalar(std::string_view key) {
    const Node* found = take(key);
    if (found != nullptr && found->type != Node::Type::scalar) {
        complain(*found, key, "must be a single value");
        return nullptr;
    }
    return found;
}

std::optional<std::string> MapReader::text(std::string_view key) {
    const Node* found = scalar(key);
    return found == nullptr ? std::nullopt : std::optional(found->scalar);
}

std::optional<std::string> MapReader::required_text(std::string_view key) {
    return require(key) == nullptr ? std::nullopt : text(key);
}

std::optional<std::string> MapReader::choice(std::string_view key, std::span<const std::string_view> choices) {
    const Node* found = scalar(key);
    if (found == nullptr) return std::nullopt;
    if (std::find(choices.begin(), choices.end(), found->scalar) == choices.end()) {
        complain(*found, key, fmt::format("cannot be \"{}\"{}", found->scalar, suggestion(found->scalar, choices)));
        return std::nullopt;
    }
    return found->scalar;
}

std::optional<bool> MapReader::boolean(std::string_view key) {
    const Node* found = scalar(key);
    if (found == nullptr) return std::nullopt;
    if (!found->quoted && (found->scalar == "true" || found->scalar == "false")) return found->scalar == "true";
    complain(*found, key, fmt::format("must be true or false, got \"{}\"", found->scalar));
    return std::nullopt;
}

namespace {

template <class T>
std::optional<T> to_number(const std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<long long> MapReader::integer(std::string_view key, long long low, long long high) {
    const Node* found = scalar(key);
    if (found == nullptr) return std::nullopt;
    const auto value = to_number<long long>(found->scalar);
    if (value && *value >= low && *value <= high) return value;
    complain(*found, key, fmt::format("must be a whole number from {} to {}, got \"{}\"", low, high, found->scalar));
    return std::nullopt;
}

std::optional<double> MapReader::number(std::string_view key, double low, double high) {
    const Node* found = scalar(key);
    if (found == nullptr) return std::nullopt;
    const auto value = to_number<double>(found->scalar);
    if (value && *value >= low && *value <= high) return value;
    complain(*found, key, fmt::format("must be a number from {} to {}, got \"{}\"", low, high, found->scalar));
    return std::nullopt;
}

std::optional<Millis> MapReader::duration(std::string_view key, Range range) {
    const Node* found = scalar(key);
    if (found == nullptr) return std::nullopt;
    const auto value = parse_duration(found->scalar);
    if (value && *value >= range.low && *value <= range.high) return *value;
    complain(*found, key,
             fmt::format("must be from {} to {}, got \"{}\"", to_text(range.low), to_text(range.high), found->scalar));
    return std::nullopt;
}

std::optional<std::vector<std::string>> MapReader::texts(std::string_view key) {
    const Node* found = take(key);
    if (found == nullptr) return std::nullopt;
    if (found->type == Node::Type::scalar) return std::vector{found->scalar};
    if (found->type != Node::Type::list) {
        complain(*found, key, "must be a text or a list of texts");
        return std::nullopt;
    }
    std::vector<std::string> out;
    for (const auto& item : found->items) {
        if (item.type == Node::Type::scalar) {
            out.push_back(item.scalar);
        } else {
            complain(item, key, "must hold plain texts only");
        }
    }
    return out;
}

void MapReader::finish() {
    const std::vector<std::string_view> known(known_.begin(), known_.end());
    for (const auto& entry : node_.entries) {
        if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
        problems_.add(file_, entry.place,
                      fmt::format("{} is not known here{}", path_of(entry.key), suggestion(entry.key, known)));
    }
}

}  // namespace menshen
