#include "models/faces_tool/embed_work.hpp"

#include <exception>
#include <new>
#include <system_error>
#include <thread>

#include "models/cache.hpp"
#include "models/image.hpp"

namespace menshen::models::faces_tool {

EmbedWork::EmbedWork(std::vector<PictureTask> tasks, TemplateCache cache, FaceSet& set)
    : tasks_(std::move(tasks)), cache_(std::move(cache)), set_(set) {}

Result<void> EmbedWork::run(std::vector<EmbedPicture> workers) {
    {
        std::vector<std::jthread> others;
        try {
            others.reserve(workers.size());
            for (std::size_t i = 1; i < workers.size(); ++i) others.emplace_back([this, &embed = workers[i]] { work(embed); });
        } catch (const std::system_error& error) {
            fmt::print(stderr, "menshen-faces: {} of {} workers: {}\n", others.size() + 1, workers.size(), error.what());
        }
        if (!workers.empty()) work(workers.front());
    }
    if (const auto* task = stopped_at_.load())
        return fail(
            "{}: memory ran out while this picture was read: ask for fewer --workers, make the picture smaller, or take it "
            "away",
            task->path);
    return {};
}

/// Nothing may leave a thread: an exception that does ends the program without a word about where.
void EmbedWork::work(const EmbedPicture& embed) {
    for (std::size_t i = next_++; i < tasks_.size() && stopped_at_ == nullptr; i = next_++) {
        try {
            one(embed, tasks_[i]);
        } catch (const std::bad_alloc&) {
            return stop_at(tasks_[i]);
        }
        if (const auto done = ++done_; done % 1000 == 0) fmt::print(stderr, "{} of {} pictures\n", done, tasks_.size());
    }
}

void EmbedWork::stop_at(const PictureTask& task) noexcept {
    const PictureTask* nothing = nullptr;
    stopped_at_.compare_exchange_strong(nothing, &task);
}

void EmbedWork::one(const EmbedPicture& embed, const PictureTask& task) {
    const auto file = read_file(task.path, kMaxEncodedBytes);
    if (!file) return pass_over(file.error().message);
    const auto key = TemplateCache::key_of(*file);
    if (take_from_cache(key, task)) return;
    Result<PictureFace> face;
    try {
        face = embed(*file);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        face = fail("{}", error.what());
    }
    if (!face) return pass_over(task.path + ": " + face.error().message);
    const std::lock_guard lock(mutex_);
    cache_.keep(key, *face);
    set_.persons[task.person].pictures[task.picture] = std::move(*face);
}

void EmbedWork::pass_over(std::string_view why) {
    const std::lock_guard lock(mutex_);
    ++unreadable_;
    fmt::print(stderr, "menshen-faces: passed over: {}\n", why);
}

bool EmbedWork::take_from_cache(std::uint64_t key, const PictureTask& task) {
    const std::lock_guard lock(mutex_);
    const auto* known = cache_.find(key);
    if (known == nullptr) return false;
    set_.persons[task.person].pictures[task.picture] = *known;
    ++from_cache_;
    return true;
}

}  // namespace menshen::models::faces_tool
