#pragma once
/// Many pictures, several workers.

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "models/face_set.hpp"
#include "models/faces_tool/template_cache.hpp"

namespace menshen::models::faces_tool {

/// One picture, and its place in the set.
struct PictureTask {
    std::string path;
    std::size_t person = 0, picture = 0;
};

/// The content of a picture file as numbers; a picture without a face gives a face that was not acquired. One worker's own: never
/// called by two threads at a time.
using EmbedPicture = std::function<Result<PictureFace>(std::string_view file)>;

class EmbedWork {
public:
    EmbedWork(std::vector<PictureTask> tasks, TemplateCache cache, FaceSet& set);

    /// Runs until every picture is done; one worker on this thread and, as far as the system has threads, one for each of the
    /// others. A picture that cannot be read is named on standard error, counted and passed over. Fails, naming the picture, when
    /// memory runs out: what was embedded before is in cache() all the same.
    [[nodiscard]] Result<void> run(std::vector<EmbedPicture> workers);

    [[nodiscard]] std::size_t unreadable() const { return unreadable_; }
    [[nodiscard]] std::size_t from_cache() const { return from_cache_; }
    [[nodiscard]] const TemplateCache& cache() const { return cache_; }

private:
    void work(const EmbedPicture& embed);
    void one(const EmbedPicture& embed, const PictureTask& task);
    [[nodiscard]] bool take_from_cache(std::uint64_t key, const PictureTask& task);
    void pass_over(std::string_view why);  ///< Names the picture.
    void stop_at(const PictureTask& task) noexcept;

    const std::vector<PictureTask> tasks_;
    std::atomic<std::size_t> next_ = 0, done_ = 0;
    std::atomic<const PictureTask*> stopped_at_ = nullptr;
    std::mutex mutex_;  ///< Of all below.
    TemplateCache cache_;
    FaceSet& set_;
    std::size_t unreadable_ = 0, from_cache_ = 0;
};

}  // namespace menshen::models::faces_tool
