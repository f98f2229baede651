#include "models/apt_fetch.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <sstream>

#include "models/apt_sources.hpp"
#include "models/cache.hpp"
#include "models/run_program.hpp"

namespace menshen::models {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOffline = "or copy them from another machine: menshen-models fetch --from FOLDER";
constexpr std::size_t kMaxList = 1u << 20;

/// A folder with the machine's sources as deb-src; how many stanzas or lines there were.
Result<std::size_t> write_sources(const std::string& folder) {
    std::vector<fs::path> files = {"/etc/apt/sources.list"};
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/etc/apt/sources.list.d", error)) files.push_back(entry.path());
    std::size_t count = 0;
    for (const auto& file : files) {
        const bool is_list = file.extension() == ".list";
        if (!is_list && file.extension() != ".sources") continue;  // apt ignores them too.
        const auto text = read_file(file.string(), kMaxList);
        if (!text) continue;
        const auto sources = is_list ? as_source_lines(*text) : as_source_stanzas(*text);
        if (sources.empty()) continue;
        if (auto ok = write_file(folder + "/" + file.filename().string(), sources); !ok) return tl::unexpected(ok.error());
        ++count;
    }
    return count;
}

/// apt's own complaints, a few of them.
std::string complaints(const std::string& output) {
    std::string out;
    int count = 0;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line) && count < 4;) {
        if (!line.starts_with("E:") && !line.starts_with("W:") && !line.starts_with("Err:")) continue;
        out += "\n  " + line;
        ++count;
    }
    return out;
}

/// A private apt: sources, lists and cache of its own.
class Apt {
public:
    explicit Apt(std::string work) : work_(std::move(work)) {}

    Result<void> prepare() {
        std::error_code error;
        for (const auto* folder : {"sources", "lists/partial", "cache/archives/partial"})
            if (!fs::create_directories(work_ + "/" + folder, error) && error)
                return fail("{}/{} cannot be made: {}", work_, folder, error.message());
        const auto count = write_sources(work_ + "/sources");
        if (!count) return tl::unexpected(count.error());
        if (*count == 0)
            return fail("this machine has no package sources in /etc/apt to derive source packages from; add Debian's, {}",
                        kOffline);
        // Sandbox user root: nothing in our folder is readable by apt's own user, and with hashes checked twice nothing is gained
        // by it.
        const auto settings = fmt::format(
            "Dir::Etc::SourceList \"/dev/null\";\nDir::Etc::SourceParts \"{0}/sources\";\nDir::State::Lists \"{0}/lists\";\n"
            "Dir::Cache \"{0}/cache\";\nAPT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\nAcquire::Retries \"3\";\n"
            "Acquire::http::Timeout \"30\";\nAcquire::https::Timeout \"30\";\n",
            work_);
        return write_file(work_ + "/apt.conf", settings);
    }

    [[nodiscard]] Result<Finished> run(const std::vector<std::string>& arguments) const {
        return run_program(arguments, {{"APT_CONFIG", work_ + "/apt.conf"}, {"LC_ALL", "C"}});
    }

private:
    std::string work_;
};

/// The line of `apt-get source --print-uris` for a file: 'uri' name size hash.
std::optional<std::string> uri_of(const std::string& listing, const std::string& file) {
    std::istringstream lines(listing);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string uri, name;
        words >> uri >> name;
        if (name == file && uri.size() > 2 && uri.front() == '\'') return uri.substr(1, uri.size() - 2);
    }
    return std::nullopt;
}

Result<std::string> list_uris(const Apt& apt, const std::set<std::string>& packages) {
    // Its status does not count: one source without source packages is an error to apt, and of no interest here.
    const auto update = apt.run({"apt-get", "update"});
    if (!update) return fail("{}; on a machine without apt {}", update.error().message, kOffline);
    std::vector<std::string> arguments = {"apt-get", "source", "--print-uris"};
    arguments.insert(arguments.end(), packages.begin(), packages.end());
    const auto listing = apt.run(arguments);
    if (!listing) return tl::unexpected(listing.error());
    if (listing->status != 0)
        return fail("apt does not find the source packages; is there a network? Try again, {}{}{}", kOffline,
                    complaints(update->output), complaints(listing->output));
    return listing->output;
}

Result<void> download(const Apt& apt, const Archive& archive, const std::string& uri, const std::string& path) {
    const auto done = apt.run({"/usr/lib/apt/apt-helper", "download-file", uri, path, "SHA256:" + archive.sha256});
    if (!done) return tl::unexpected(done.error());
    if (done->status != 0)
        return fail("{} was not downloaded; try again, {}{}", archive.file, kOffline, complaints(done->output));
    return verify_file(path, {archive.sha256, archive.bytes}, "the mirror delivers another file: it is not used");
}

}  // namespace

Result<void> download_archives(const std::vector<const Archive*>& archives, const AptFetch& fetch) {
    Apt apt(fetch.work);
    if (auto ok = apt.prepare(); !ok) return ok;
    std::set<std::string> packages;
    for (const auto* archive : archives) packages.insert(archive->source_package);
    fetch.say("reading the list of source packages");
    const auto uris = list_uris(apt, packages);
    if (!uris) return tl::unexpected(uris.error());
    for (const auto* archive : archives) {
        const auto uri = uri_of(*uris, archive->file);
        if (!uri)
            return fail("this machine's package sources have no {} (source package {} {}); add Debian 12's, {}", archive->file,
                        archive->source_package, archive->source_version, kOffline);
        fetch.say(fmt::format("fetching {} ({} MB)", archive->file, archive->bytes / 1'000'000));
        if (auto ok = download(apt, *archive, *uri, fetch.work + "/" + archive->file); !ok) return ok;
    }
    return {};
}

}  // namespace menshen::models
