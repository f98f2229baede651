#pragma once
/// A YAML text as a tree that knows its places. Config and rule files are read through it, so that every message has a line and a
/// column. Limits: 1 MiB of text, 64 levels, 200,000 nodes, 5000 keys a map; aliases are refused (they are how small files fill
/// memory), and so are zero bytes.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/problems.hpp"
#include "core/time.hpp"

namespace menshen {

struct Node {
    enum class Type : unsigned char { null, scalar, list, map };
    struct Entry;

    Type type = Type::null;
    Place place;
    std::string scalar;          ///< Text as written, unescaped.
    bool quoted = false;         ///< A quoted scalar is always a string.
    std::vector<Node> items;     ///< Of a list.
    std::vector<Entry> entries;  ///< Of a map, in the order of the file; a repeated key is a problem, the first one stays.

    [[nodiscard]] const Node* find(std::string_view key) const;
};

struct Node::Entry {
    std::string key;
    Place place;
    Node value;
};

/// Reads `text`; on a syntax error adds a problem and returns nothing.
[[nodiscard]] std::optional<Node> parse_document(std::string_view file, std::string_view text, Problems& problems);

/// Reads the keys of one map and, when it is done, complains of those nobody asked for. `path` ("doors.front") begins its
/// messages.
///
///     MapReader reader(node, "gate.yaml", "doors.front", problems);
///     door.unlock = reader.duration("unlock", {500ms, 60s}).value_or(5s);
///     reader.finish();
class MapReader {
public:
    struct Range {
        Millis low;
        Millis high;
    };

    /// A node that is no map is a problem; then every key is absent.
    MapReader(const Node& node, std::string file, std::string path, Problems& problems);

    /// The value of a key, or null when absent; marks the key as known.
    [[nodiscard]] const Node* take(std::string_view key);
    /// As take(), and a problem when absent.
    [[nodiscard]] const Node* require(std::string_view key);

    [[nodiscard]] std::optional<std::string> text(std::string_view key);
    [[nodiscard]] std::optional<std::string> required_text(std::string_view key);
    /// Text that must be one of `choices`.
    [[nodiscard]] std::optional<std::string> choice(std::string_view key, std::span<const std::string_view> choices);
    [[nodiscard]] std::optional<bool> boolean(std::string_view key);
    [[nodiscard]] std::optional<long long> integer(std::string_view key, long long low, long long high);
    [[nodiscard]] std::optional<double> number(std::string_view key, double low, double high);
    [[nodiscard]] std::optional<Millis> duration(std::string_view key, Range range);
    /// A list of texts; a single text counts as a list of one.
    [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key);

    /// Unknown keys become problems with the nearest known one. Call once, after every key was asked for.
    void finish();

    /// A problem at a node, its message led by the path of `key` below this map (or of the map itself when empty).
    void complain(const Node& at, std::string_view key, std::string message);
    [[nodiscard]] std::string path_of(std::string_view key) const;
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] Problems& problems() { return problems_; }
    [[nodiscard]] const Node& node() const { return node_; }

private:
    const Node* scalar(std::string_view key);

    const Node& node_;
    std::string file_;
    std::string path_;
    Problems& problems_;
    std::vector<std::string> known_;
};

}  // namespace menshen
