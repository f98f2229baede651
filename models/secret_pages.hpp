#pragma once
/// Memory for what nobody may find afterwards: templates of faces. Whole pages of their own, left out of core dumps, empty in a
/// child process, kept out of swap where the limit on locked memory allows it, and wiped before they go back to the kernel.

#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <vector>

namespace menshen::models {

/// Pages for at least `bytes`, zeroed. Throws std::bad_alloc when the kernel has none, or when it cannot leave them out of core
/// dumps: then nothing secret is kept. Any thread.
[[nodiscard]] void* take_secret_pages(std::size_t bytes);
/// Wipes and gives back what take_secret_pages(bytes) gave.
void free_secret_pages(void* pages, std::size_t bytes) noexcept;

/// Overwrites numbers that lie elsewhere before their time is over; no compiler leaves this out.
void wipe(std::span<float> values) noexcept;

/// For few and large blocks: each allocation takes whole pages.
template <class T>
struct SecretAllocator {
    using value_type = T;

    SecretAllocator() = default;
    template <class U>
    SecretAllocator(const SecretAllocator<U>& /*other*/) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        if (count > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) throw std::bad_alloc();
        return static_cast<T*>(take_secret_pages(count * sizeof(T)));
    }
    void deallocate(T* first, std::size_t count) noexcept { free_secret_pages(first, count * sizeof(T)); }

    bool operator==(const SecretAllocator& /*other*/) const { return true; }
};

using SecretFloats = std::vector<float, SecretAllocator<float>>;

}  // namespace menshen::models
