#include "models/manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "core/document.hpp"

namespace menshen::models {

extern const char* const kManifestText;

namespace {

constexpr long long kMaxBytes = 4LL << 30;

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A name that stays inside the folder it is put in.
bool is_plain_path(std::string_view text) {
    return !text.empty() && text.front() != '/' && text.front() != '-' && text.find("..") == std::string_view::npos;
}

std::string hash_of(MapReader& reader) {
    const Node* node = reader.require("sha256");
    if (node == nullptr) return {};
    if (!is_sha256(node->scalar)) reader.complain(*node, "sha256", "must be 64 hex digits in lower case");
    return node->scalar;
}

std::string path_of(MapReader& reader, std::string_view key) {
    const Node* node = reader.require(key);
    if (node == nullptr) return {};
    if (!is_plain_path(node->scalar)) reader.complain(*node, key, "must be a path below the folder, without \"..\"");
    return node->scalar;
}

std::uint64_t bytes_of(MapReader& reader) {
    if (reader.require("bytes") == nullptr) return 0;
    return static_cast<std::uint64_t>(reader.integer("bytes", 1, kMaxBytes).value_or(0));
}

std::string text_of(MapReader& reader, std::string_view key) { return reader.required_text(key).value_or(""); }

Archive read_archive(MapReader& reader) {
    Archive out;
    out.name = text_of(reader, "name");
    out.file = path_of(reader, "file");
    out.sha256 = hash_of(reader);
    out.bytes = bytes_of(reader);
    out.npm_package = reader.text("npm_package").value_or("");
    if (out.npm_package.empty()) {
        out.source_package = text_of(reader, "source_package");
        out.source_version = text_of(reader, "source_version");
    }
    return out;
}

/// A list of `count` numbers.
std::vector<float> numbers_of(MapReader& reader, const Node& node, std::string_view key, std::size_t count) {
    std::vector<float> out;
    for (const auto& item : node.items) {
        float value = 0;
        const auto* end = item.scalar.data() + item.scalar.size();
        const auto [rest, error] = std::from_chars(item.scalar.data(), end, value);
        if (error != std::errc() || rest != end || !(std::abs(value) <= 1e6F)) break;
        out.push_back(value);
    }
    if (node.type == Node::Type::list && node.items.size() == count && out.size() == count) return out;
    reader.complain(node, key, fmt::format("must be a list of {} numbers", count));
    return std::vector<float>(count);
}

std::vector<Point> points_of(MapReader& reader, const Node& node) {
    std::vector<Point> out;
    if (node.type != Node::Type::list || (node.items.size() != 3 && node.items.size() != 5)) {
        reader.complain(node, "points", "must be three points (eye on the left, eye on the right, nose) or dlib's five");
        return out;
    }
    for (const auto& item : node.items) {
        const auto place = numbers_of(reader, item, "points", 2);
        out.push_back({place[0], place[1]});
    }
    return out;
}

Preprocessing read_preprocessing(MapReader& reader) {
    static constexpr std::array<std::string_view, 2> kChannels = {"rgb", "bgr"};
    static constexpr std::array<std::string_view, 2> kViews = {"one", "mirrored_too"};
    static constexpr std::array<std::string_view, 1> kMetrics = {"cosine"};
    Preprocessing out;
    if (reader.require("side") != nullptr) out.align.side = static_cast<int>(reader.integer("side", 16, 1024).value_or(16));
    if (reader.require("channels") != nullptr && reader.choice("channels", kChannels) == "bgr")
        out.channels = Preprocessing::Channels::bgr;
    if (const Node* node = reader.require("mean")) {
        const auto mean = numbers_of(reader, *node, "mean", out.mean.size());
        std::copy(mean.begin(), mean.end(), out.mean.begin());
    }
    if (reader.require("scale") != nullptr) out.scale = static_cast<float>(reader.number("scale", 1e-6, 1e3).value_or(1));
    const Node* points = reader.take("points");
    if (points != nullptr) out.align.to = points_of(reader, *points);
    out.surroundings = static_cast<float>(reader.number("surroundings", 1, 8).value_or(0));
    if ((points != nullptr) == (out.surroundings > 0)) reader.complain(reader.node(), "", "needs either points or surroundings");
    if (reader.choice("views", kViews) == "mirrored_too") out.views = Preprocessing::Views::mirrored_too;
    if (reader.require("numbers") != nullptr) out.numbers = static_cast<int>(reader.integer("numbers", 1, 960).value_or(1));
    out.keep = static_cast<int>(reader.integer("keep", 1, 960).value_or(out.numbers));
    if (out.keep > out.numbers) reader.complain(reader.node(), "keep", "must not be more than numbers");
    (void)reader.choice("metric", kMetrics);
    reader.finish();
    return out;
}

ModelFile read_model(MapReader& reader) {
    static constexpr std::array<std::string_view, 4> kRoles = {"detect", "points", "embed", "liveness"};
    ModelFile out;
    out.name = text_of(reader, "name");
    if (reader.require("role") != nullptr) out.role = reader.choice("role", kRoles).value_or("");
    out.file = path_of(reader, "file");
    out.sha256 = hash_of(reader);
    out.bytes = bytes_of(reader);
    out.archive = text_of(reader, "archive");
    out.member = path_of(reader, "member");
    out.licence = text_of(reader, "licence");
    out.source = text_of(reader, "source");
    out.used_for = text_of(reader, "used_for");
    const bool makes_numbers = out.role == "embed" || out.role == "liveness";
    if (const Node* node = makes_numbers ? reader.require("input") : nullptr) {
        MapReader input(*node, reader.file(), reader.path_of("input"), reader.problems());
        out.input = read_preprocessing(input);
    }
    out.notice = reader.text("notice").value_or("");
    out.optional = reader.boolean("optional").value_or(false);
    if (const Node* node = reader.take("converted")) {
        MapReader converted(*node, reader.file(), reader.path_of("converted"), reader.problems());
        out.converted = {path_of(converted, "file"), hash_of(converted), bytes_of(converted)};
        converted.finish();
    }
    return out;
}

PhotoSet read_photos(MapReader& reader) {
    PhotoSet out;
    out.name = path_of(reader, "name");
    out.archive = text_of(reader, "archive");
    out.member = path_of(reader, "member");
    out.pictures = static_cast<int>(reader.integer("pictures", 1, 100'000).value_or(0));
    out.licence = text_of(reader, "licence");
    return out;
}

/// Reads a list of maps, each by `read`.
template <class T>
std::vector<T> list_of(MapReader& top, std::string_view key, T (*read)(MapReader&)) {
    std::vector<T> out;
    const Node* node = top.require(key);
    if (node == nullptr) return out;
    if (node->type != Node::Type::list) {
        top.complain(*node, key, "must be a list");
        return out;
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        MapReader reader(node->items[i], top.file(), std::string(key) + "[" + std::to_string(i) + "]", top.problems());
        out.push_back(read(reader));
        const auto known = [&](const T& other) { return other.name == out.back().name; };
        if (std::find_if(out.begin(), out.end() - 1, known) != out.end() - 1)
            reader.complain(node->items[i], "name", "\"" + out.back().name + "\" is there twice");
        reader.finish();
    }
    return out;
}

/// Everything that names an archive has to name one of ours.
void check_archives(const Manifest& manifest, std::string_view file, Problems& problems) {
    std::vector<std::string_view> names;
    for (const auto& one : manifest.archives) names.push_back(one.name);
    const auto check = [&](std::string_view whose, std::string_view archive) {
        if (manifest.archive(archive) != nullptr) return;
        problems.add(file, {}, fmt::format("{}: there is no archive \"{}\"{}", whose, archive, suggestion(archive, names)));
    };
    for (const auto& one : manifest.models) check(one.name, one.archive);
    for (const auto& one : manifest.photos) check(one.name, one.archive);
}

template <class T, class Predicate>
const T* first(const std::vector<T>& all, Predicate predicate) {
    const auto found = std::find_if(all.begin(), all.end(), predicate);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

ModelTag tag_of(const ModelFile& embedder) {
    const auto how = embedder.input.value_or(Preprocessing{});
    return {embedder.name + "@" + embedder.sha256.substr(0, 8), static_cast<std::uint16_t>(how.keep), how.metric};
}

const Archive* Manifest::archive(std::string_view name) const {
    return first(archives, [&](const Archive& one) { return one.name == name; });
}
const ModelFile* Manifest::with_role(std::string_view role) const {
    return first(models, [&](const ModelFile& one) { return one.role == role; });
}
const ModelFile* Manifest::model(std::string_view name) const {
    return first(models, [&](const ModelFile& one) { return one.name == name; });
}

std::optional<Manifest> parse_manifest(std::string_view file, std::string_view text, Problems& problems) {
    const auto before = problems.errors();
    const auto root = parse_document(file, text, problems);
    if (!root) return std::nullopt;
    MapReader top(*root, std::string(file), "", problems);
    if (top.require("version") != nullptr) (void)top.integer("version", 1, 1);
    Manifest out;
    out.archives = list_of(top, "archives", read_archive);
    out.models = list_of(top, "models", read_model);
    out.photos = list_of(top, "photos", read_photos);
    top.finish();
    if (problems.errors() == before) check_archives(out, file, problems);
    if (problems.errors() != before) return std::nullopt;
    return out;
}

const Manifest& manifest() {
    static const Manifest parsed = [] {
        Problems problems;
        auto out = parse_manifest("manifest.yaml", kManifestText, problems);
        if (!out) {
            // Only a broken build comes here; a test keeps it from being shipped.
            std::cerr << problems.text();
            std::abort();
        }
        return *out;
    }();
    return parsed;
}

}  // namespace menshen::models
