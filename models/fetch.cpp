#include "models/fetch.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

#include "models/apt_fetch.hpp"
#include "models/cache.hpp"
#include "models/npm_fetch.hpp"
#include "models/run_program.hpp"

namespace menshen::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kListsBytes = 60'000'000;  // Package lists of a Debian with its updates.

/// A folder that goes when it is done with, whatever happened.
class WorkFolder {
public:
    [[nodiscard]] static Result<WorkFolder> make(const std::string& dir) {
        sweep(dir);
        // Absolute: apt's settings will name it, and apt does not take paths from where it was started.
        std::string path = fs::absolute(dir).string() + "/.fetch-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr)
            return fail("no folder can be made in {}: is it yours to write, and is there room?", dir);
        return WorkFolder(path);
    }
    WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    WorkFolder& operator=(WorkFolder&&) = delete;
    ~WorkFolder() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    explicit WorkFolder(std::string path) : path_(std::move(path)) {}

    /// What a fetch that was killed left behind, 200 MB of it; a running one is younger.
    static void sweep(const std::string& dir) {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(dir, ignored)) {
            const bool is_ours = entry.path().filename().string().starts_with(".fetch-");
            const auto age = fs::file_time_type::clock::now() - entry.last_write_time(ignored);
            if (is_ours && age > std::chrono::hours(6)) fs::remove_all(entry.path(), ignored);
        }
    }

    std::string path_;
};

/// What the cache lacks.
struct Missing {
    std::vector<const ModelFile*> models;
    std::vector<const PhotoSet*> photos;

    /// Whether what is wanted of an archive can be done without.
    [[nodiscard]] bool is_optional(const Archive& archive) const {
        const auto is_needed = [&](const auto* one) { return one->archive == archive.name; };
        return std::none_of(photos.begin(), photos.end(), is_needed) &&
               std::none_of(models.begin(), models.end(), [&](const ModelFile* one) { return is_needed(one) && !one->optional; });
    }
};

Missing missing_from(const Manifest& manifest, const FetchRequest& request) {
    Missing out;
    const auto is_wanted = [&](const ModelFile& model) {
        return model.notice.empty() ||
               std::find(request.accepted.begin(), request.accepted.end(), model.name) != request.accepted.end();
    };
    for (const auto& model : manifest.models)
        if (is_wanted(model) && !verify_file(request.dir + "/" + model.file, {model.sha256, model.bytes}, ""))
            out.models.push_back(&model);
    if (!request.with_photos) return out;
    for (const auto& photos : manifest.photos)
        if (!photos_are_complete(request.dir, photos)) out.photos.push_back(&photos);
    return out;
}

std::vector<const Archive*> archives_for(const Manifest& manifest, const Missing& missing) {
    std::vector<const Archive*> out;
    const auto add = [&](const std::string& name) {
        const Archive* archive = manifest.archive(name);
        if (archive != nullptr && std::find(out.begin(), out.end(), archive) == out.end()) out.push_back(archive);
    };
    for (const auto* model : missing.models) add(model->archive);
    for (const auto* photos : missing.photos) add(photos->archive);
    return out;
}

Result<void> check_room(const std::string& dir, const Missing& missing, const std::vector<const Archive*>& downloads) {
    std::uint64_t needed = downloads.empty() ? 0 : kListsBytes;
    for (const auto* archive : downloads) needed += archive->bytes;
    for (const auto* model : missing.models) needed += 2 * (model->bytes + model->converted.bytes);
    struct statvfs room {};
    if (::statvfs(dir.c_str(), &room) != 0) return {};
    const auto available = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (available >= needed) return {};
    return fail("{} has {} MB free and {} MB are needed: make room, or choose another folder with --dir", dir,
                available / 1'000'000, needed / 1'000'000);
}

/// Unpacks single members below `work`, without the archive's top folder.
Result<void> unpack(const std::string& archive, const std::string& work, const std::vector<std::string>& members) {
    std::vector<std::string> arguments = {
        "tar", "--extract", "--file=" + archive, "--directory=" + work, "--strip-components=1", "--no-same-owner", "--wildcards"};
    for (const auto& member : members) arguments.push_back("*/" + member);
    const auto done = run_program(arguments, {{"LC_ALL", "C"}});
    if (!done) return tl::unexpected(done.error());
    if (done->status == 0) return {};
    const bool no_bzip2 = done->output.find("bzip2") != std::string::npos && done->output.find("exec") != std::string::npos;
    return fail("{} cannot be unpacked{}: {}", archive, no_bzip2 ? " (apt-get install bzip2)" : "", done->output.substr(0, 400));
}

Result<void> rename_into(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::create_directories(fs::path(to).parent_path(), error);
    if (fs::is_directory(from)) fs::remove_all(to, error);
    fs::rename(from, to, error);
    if (error) return fail("{} cannot be moved to {}: {}", from, to, error.message());
    return {};
}

/// A model file that lies in `folder`: into the cache, under its right hash only.
Result<void> take_model(const ModelFile& model, const std::string& path, const FetchRequest& request) {
    if (auto ok = verify_file(path, {model.sha256, model.bytes}, "it is not taken"); !ok) return ok;
    const auto content = read_file(path, model.bytes);
    if (!content) return tl::unexpected(content.error());
    if (auto ok = write_file(request.dir + "/" + model.file, *content); !ok) return ok;
    request.say(fmt::format("{}: {} bytes, sha256 {}, licence {}", model.file, model.bytes, model.sha256, model.licence));
    return {};
}

Result<void> take_photos(const PhotoSet& photos, const std::string& path, const FetchRequest& request) {
    if (auto ok = rename_into(path, photos_dir(request.dir) + "/" + photos.name); !ok) return ok;
    if (!photos_are_complete(request.dir, photos))
        return fail("{} does not hold the {} photographs expected", photos_dir(request.dir) + "/" + photos.name, photos.pictures);
    request.say(fmt::format("photos/{}: {} pictures, {}", photos.name, photos.pictures, photos.licence));
    return {};
}

Result<void> take_from_archive(const Archive& archive, const std::string& path, const std::string& work, const Missing& missing,
                               const FetchRequest& request) {
    std::vector<std::string> members;
    for (const auto* model : missing.models)
        if (model->archive == archive.name) members.push_back(model->member);
    for (const auto* photos : missing.photos)
        if (photos->archive == archive.name) members.push_back(photos->member);
    request.say(fmt::format("unpacking {}", archive.file));
    if (auto ok = unpack(path, work, members); !ok) return ok;
    for (const auto* model : missing.models) {
        if (model->archive != archive.name) continue;
        if (auto ok = take_model(*model, work + "/" + model->member, request); !ok) return ok;
    }
    for (const auto* photos : missing.photos) {
        if (photos->archive != archive.name) continue;
        if (auto ok = take_photos(*photos, work + "/" + photos->member, request); !ok) return ok;
    }
    return {};
}

/// Takes what lies in the folder as it is and drops it from `missing`; the rest has to come from archives.
Result<void> take_loose_files(const FetchRequest& request, const std::string& work, Missing& missing) {
    for (auto it = missing.models.begin(); it != missing.models.end();) {
        const auto path = request.from + "/" + (*it)->file;
        if (!fs::exists(path)) {
            ++it;
            continue;
        }
        if (auto ok = take_model(**it, path, request); !ok) return ok;
        it = missing.models.erase(it);
    }
    for (auto it = missing.photos.begin(); it != missing.photos.end();) {
        const auto path = photos_dir(request.from) + "/" + (*it)->name;
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            ++it;
            continue;
        }
        const auto copy = work + "/copy-of-" + (*it)->name;
        fs::copy(path, copy, fs::copy_options::recursive, error);
        if (error) return fail("{} cannot be copied: {}", path, error.message());
        if (auto ok = take_photos(**it, copy, request); !ok) return ok;
        it = missing.photos.erase(it);
    }
    return {};
}

Result<void> fetch_offline(const Manifest& manifest, const FetchRequest& request, const std::string& work, Missing missing) {
    if (!fs::is_directory(request.from)) return fail("{} is not a folder", request.from);
    if (auto ok = take_loose_files(request, work, missing); !ok) return ok;
    for (const auto* archive : archives_for(manifest, missing)) {
        const auto path = request.from + "/" + archive->file;
        if (!fs::exists(path) && missing.is_optional(*archive)) {
            request.say(fmt::format("{} is not in {}: done without", archive->file, request.from));
            continue;
        }
        if (!fs::exists(path)) {
            std::string names;
            for (const auto* model : missing.models) names += names.empty() ? model->file : ", " + model->file;
            for (const auto* photos : missing.photos) names += (names.empty() ? "photos/" : ", photos/") + photos->name;
            return fail("{} has neither {} nor the archive {}; copy a filled cache folder onto it", request.from, names,
                        archive->file);
        }
        if (auto ok = verify_file(path, {archive->sha256, archive->bytes}, "it is not taken"); !ok) return ok;
        if (auto ok = take_from_archive(*archive, path, work, missing, request); !ok) return ok;
    }
    return {};
}

Result<void> fetch_online(const Manifest& manifest, const FetchRequest& request, const std::string& work,
                          const Missing& missing) {
    const auto archives = archives_for(manifest, missing);
    if (auto ok = check_room(request.dir, missing, archives); !ok) return ok;
    std::vector<const Archive*> of_debian;
    for (const auto* archive : archives)
        if (archive->npm_package.empty()) of_debian.push_back(archive);
    if (!of_debian.empty())
        if (auto ok = download_archives(of_debian, {work, request.say}); !ok) return ok;
    // What cannot be had from one registry does not keep away what another one has.
    Result<void> outcome;
    for (const auto* archive : archives) {
        if (!archive->npm_package.empty()) {
            request.say(fmt::format("fetching {} ({} MB)", archive->npm_package, archive->bytes / 1'000'000));
            auto ok = download_npm(*archive, work);
            if (!ok && !missing.is_optional(*archive)) {
                outcome = std::move(ok);
                continue;
            }
            if (!ok) {
                request.say(fmt::format("done without: {}", ok.error().message));
                continue;
            }
        }
        if (auto ok = take_from_archive(*archive, work + "/" + archive->file, work, missing, request); !ok) return ok;
    }
    return outcome;
}

}  // namespace

bool photos_are_complete(const std::string& dir, const PhotoSet& photos) {
    std::error_code error;
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(photos_dir(dir) + "/" + photos.name, error))
        count += entry.path().extension() == ".jpg" ? 1 : 0;
    return count == photos.pictures;
}

Result<void> fetch(const Manifest& manifest, const FetchRequest& request) {
    std::error_code error;
    fs::create_directories(request.dir, error);
    if (!fs::is_directory(request.dir)) return fail("{} cannot be made: {}", request.dir, error.message());
    const auto missing = missing_from(manifest, request);
    if (missing.models.empty() && missing.photos.empty()) return {};
    const auto work = WorkFolder::make(request.dir);
    if (!work) return tl::unexpected(work.error());
    return request.from.empty() ? fetch_online(manifest, request, work->path(), missing)
                                : fetch_offline(manifest, request, work->path(), missing);
}

}  // namespace menshen::models
