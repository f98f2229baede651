#include <algorithm>
#include <fstream>
#include <system_error>

#include "rules/calendar_file.hpp"
#include "rules/parse.hpp"
#include "rules/recipients_file.hpp"

namespace menshen::rules {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFiles = 500;
constexpr std::size_t kMostBytes = 16 << 20;  // of all rule files together

/// The files meant by `path`, in the order of their names.
std::vector<fs::path> files_of(const fs::path& path, Problems& problems) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return {path};
    std::vector<fs::path> out;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        const auto extension = it->path().extension();
        if (it->path().stem().extension() == ".test") continue;  // what a rule must do, beside the rule: for `rules test`
        if (extension == ".yaml" || extension == ".yml") out.push_back(it->path());
    }
    if (error) problems.add(path.string(), {}, fmt::format("cannot be listed: {}", error.message()));
    std::sort(out.begin(), out.end());
    return out;
}

/// Size first: a file of gigabytes is refused without being read.
std::optional<RuleFile> read(const fs::path& path, Problems& problems) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) {
        problems.add(path.string(), {}, fmt::format("cannot be read: {}", error.message()));
        return std::nullopt;
    }
    if (size > kMostFileBytes) {
        problems.add(path.string(), {}, fmt::format("larger than 1 MiB ({} bytes); split the file", size));
        return std::nullopt;
    }
    std::ifstream in(path, std::ios::binary);
    RuleFile file{path.string(), std::string(size, '\0')};
    in.read(file.text.data(), static_cast<std::streamsize>(size));
    file.text.resize(static_cast<std::size_t>(in.gcount()));
    if (!in && !in.eof()) {
        problems.add(path.string(), {}, "cannot be read");
        return std::nullopt;
    }
    return file;
}

}  // namespace

std::optional<RuleSet> load_rules(std::span<const fs::path> paths, const ParseOptions& options, Problems& problems) {
    std::vector<RuleFile> files;
    std::size_t bytes = 0;
    for (const auto& path : paths) {
        for (const auto& file : files_of(path, problems)) {
            if (files.size() == kMostFiles) {
                problems.add(path.string(), {}, fmt::format("more than {} rule files", kMostFiles));
                return std::nullopt;
            }
            auto text = read(file, problems);
            if (!text) continue;
            bytes += text->text.size();
            if (bytes > kMostBytes) {
                problems.add(file.string(), {},
                             fmt::format("with this file the rule files are larger than {} MiB together", kMostBytes >> 20));
                return std::nullopt;
            }
            files.push_back(std::move(*text));
        }
    }
    return parse_rules(files, options, problems);
}

std::optional<CalendarFile> load_calendar(const fs::path& path, Problems& problems) {
    const auto file = read(path, problems);
    return file ? parse_calendar(file->name, file->text, problems) : std::nullopt;
}

std::optional<Recipients> load_recipients(const fs::path& path, const Schedules& schedules, Problems& problems) {
    const auto file = read(path, problems);
    return file ? parse_recipients(file->name, file->text, schedules, problems) : std::nullopt;
}

}  // namespace menshen::rules
