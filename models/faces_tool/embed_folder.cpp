#include "models/faces_tool/embed_folder.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <thread>

#include "models/cache.hpp"
#include "models/faces_tool/template_cache.hpp"

namespace menshen::models::faces_tool {
namespace {

namespace fs = std::filesystem;

struct Task {
    std::string path;
    std::size_t person = 0, picture = 0;
};

std::vector<fs::path> sorted(const fs::path& folder) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
}

bool is_picture(const fs::path& path) {
    auto end = path.extension().string();
    std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return end == ".jpg" || end == ".jpeg" || end == ".png";
}

Result<std::vector<Task>> list(const std::string& folder, FaceSet& set) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed)) return fail("{}: there is no such folder; it has to hold one folder a person", folder);
    std::vector<Task> out;
    for (const auto& person : sorted(folder)) {
        if (!fs::is_directory(person)) continue;
        PersonFaces faces{person.filename().string(), {}};
        for (const auto& path : sorted(person)) {
            if (!is_picture(path)) continue;
            out.push_back({path.string(), set.persons.size(), faces.pictures.size()});
            faces.pictures.emplace_back();
        }
        if (!faces.pictures.empty()) set.persons.push_back(std::move(faces));
    }
    if (out.empty()) return fail("{}: no folder in it holds a .jpg or .png; it has to hold one folder a person", folder);
    return out;
}

/// Of bystanders no picture is.
const FoundFace& nearest_the_middle(const Image& picture, const std::vector<FoundFace>& faces) {
    const auto from_middle = [&](const FoundFace& face) {
        return std::hypot(face.box.x + face.box.width / 2 - picture.width / 2,
                          face.box.y + face.box.height / 2 - picture.height / 2);
    };
    return *std::min_element(faces.begin(), faces.end(),
                             [&](const FoundFace& a, const FoundFace& b) { return from_middle(a) < from_middle(b); });
}

Result<PictureFace> embed(Pipeline& pipeline, std::string_view file) {
    const auto picture = decode({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
    if (!picture) return tl::unexpected(picture.error());
    const auto faces = pipeline.find(*picture);
    if (!faces) return tl::unexpected(faces.error());
    if (faces->empty()) return PictureFace{};
    const auto& face = nearest_the_middle(*picture, *faces);
    auto values = pipeline.embed(*picture, face);
    if (!values) return tl::unexpected(values.error());
    return PictureFace{std::move(values->values), score(face.quality)};
}

/// Shared by the workers.
class Work {
public:
    Work(std::vector<Task> tasks, TemplateCache cache, FaceSet& set)
        : tasks_(std::move(tasks)), cache_(std::move(cache)), set_(set) {}

    void run(Pipeline& pipeline) {
        for (std::size_t i = next_++; i < tasks_.size(); i = next_++) {
            one(pipeline, tasks_[i]);
            if (const auto done = ++done_; done % 1000 == 0) fmt::print(stderr, "{} of {} pictures\n", done, tasks_.size());
        }
    }
    [[nodiscard]] std::size_t unreadable() const { return unreadable_; }
    [[nodiscard]] std::size_t from_cache() const { return from_cache_; }
    [[nodiscard]] const TemplateCache& cache() const { return cache_; }

private:
    void one(Pipeline& pipeline, const Task& task) {
        const auto file = read_file(task.path, kMaxEncodedBytes);
        const auto key = file ? TemplateCache::key_of(*file) : 0;
        if (file && take_from_cache(key, task)) return;
        auto face = file ? embed(pipeline, *file) : Result<PictureFace>(tl::unexpected(file.error()));
        const std::lock_guard lock(mutex_);
        if (!face) {
            ++unreadable_;
            fmt::print(stderr, "menshen-faces: {}: {}\n", task.path, face.error().message);
            return;
        }
        cache_.keep(key, *face);
        set_.persons[task.person].pictures[task.picture] = std::move(*face);
    }
    bool take_from_cache(std::uint64_t key, const Task& task) {
        const std::lock_guard lock(mutex_);
        const auto* known = cache_.find(key);
        if (known == nullptr) return false;
        set_.persons[task.person].pictures[task.picture] = *known;
        ++from_cache_;
        return true;
    }

    const std::vector<Task> tasks_;
    std::atomic<std::size_t> next_ = 0, done_ = 0;
    std::mutex mutex_;  ///< Of all below.
    TemplateCache cache_;
    FaceSet& set_;
    std::size_t unreadable_ = 0, from_cache_ = 0;
};

Result<std::vector<Pipeline>> open_pipelines(const EmbedRequest& request) {
    std::vector<Pipeline> out;
    auto settings = request.pipeline;
    settings.threads = 1;
    for (std::size_t i = 0; i < std::clamp<std::size_t>(request.workers, 1, 16); ++i) {
        auto one = Pipeline::open(settings);
        if (!one) return tl::unexpected(one.error());
        out.push_back(std::move(*one));
    }
    return out;
}

}  // namespace

Result<EmbeddedFolder> embed_folder(const EmbedRequest& request) {
    EmbeddedFolder out;
    auto tasks = list(request.images, out.set);
    if (!tasks) return tl::unexpected(tasks.error());
    auto pipelines = open_pipelines(request);
    if (!pipelines) return tl::unexpected(pipelines.error());
    out.model = pipelines->front().model();
    out.pipeline = pipelines->front().describe();
    Work work(std::move(*tasks), request.cache.empty() ? TemplateCache() : TemplateCache::read(request.cache, out.pipeline),
              out.set);
    {
        std::vector<std::jthread> workers;
        for (auto& pipeline : *pipelines) workers.emplace_back([&work, &pipeline] { work.run(pipeline); });
    }
    out.unreadable = work.unreadable();
    out.from_cache = work.from_cache();
    if (!request.cache.empty())
        if (auto ok = work.cache().write(request.cache); !ok) return tl::unexpected(ok.error());
    return out;
}

}  // namespace menshen::models::faces_tool
