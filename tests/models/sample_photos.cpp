#include "tests/models/sample_photos.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "models/cache.hpp"
#include "tests/support/catch.hpp"

namespace menshen::models::test {
namespace {

std::string what_is_missing(const std::string& dir) {
    for (const auto& model : manifest().models) {
        std::error_code error;
        if (model.optional) continue;
        if (!std::filesystem::exists(dir + "/" + model.file, error)) return model.file;
        if (!model.converted.file.empty() && !std::filesystem::exists(dir + "/" + model.converted.file, error))
            return model.converted.file;
    }
    for (const auto& photos : manifest().photos)
        if (!std::filesystem::exists(photos_dir(dir) + "/" + photos.name)) return "photos/" + photos.name;
    return {};
}

}  // namespace

std::optional<std::string> filled_cache() {
    const auto dir = models_dir();
    const auto missing = what_is_missing(dir);
    if (missing.empty()) return dir;
    const char* required = std::getenv("MENSHEN_MODELS_REQUIRED");
    const auto message = "SKIPPED: " + dir + " lacks " + missing + "; run: menshen-models fetch";
    if (required != nullptr && std::string(required) == "1") FAIL(message);
    WARN(message);
    return std::nullopt;
}

std::vector<std::uint8_t> photo(const std::string& path) {
    const auto file = read_file(photos_dir(models_dir()) + "/" + path, 1u << 24);
    REQUIRE(file);
    return {file->begin(), file->end()};
}

std::vector<std::string> johns(const std::string& person) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(photos_dir(models_dir()) + "/johns/" + person))
        if (entry.path().extension() == ".jpg") out.push_back("johns/" + person + "/" + entry.path().filename().string());
    std::sort(out.begin(), out.end());
    REQUIRE(out.size() == 11);
    return out;
}

}  // namespace menshen::models::test
