#include "models/secret_pages.hpp"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace menshen::models {
namespace {

std::size_t whole_pages(std::size_t bytes) {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return (bytes + page - 1) / page * page;
}

}  // namespace

void* take_secret_pages(std::size_t bytes) {
    const std::size_t size = whole_pages(bytes);
    void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    if (::madvise(pages, size, MADV_DONTDUMP) != 0) {
        ::munmap(pages, size);
        throw std::bad_alloc();
    }
    // These two are the best that can be had: an old kernel knows no wipe on fork, and the limit on locked memory (8 MB by
    // default) may be smaller than a large gallery.
    (void)::madvise(pages, size, MADV_WIPEONFORK);
    (void)::mlock(pages, size);
    return pages;
}

void free_secret_pages(void* pages, std::size_t bytes) noexcept {
    // The kernel clears pages before it gives them to another process, but not before it writes them to a swap partition or a
    // crash kernel's image.
    const std::size_t size = whole_pages(bytes);
    ::explicit_bzero(pages, size);
    ::munmap(pages, size);
}

void wipe(std::span<float> values) noexcept {
    if (!values.empty()) ::explicit_bzero(values.data(), values.size() * sizeof(float));
}

}  // namespace menshen::models
