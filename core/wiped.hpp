#pragma once
/// Memory that is overwritten before it is freed, for what nobody may find in it afterwards: templates of faces, on their way
/// between the models and the store. Ordinary memory all the same: what is kept for long lies in the secret pages of
/// models/secret_pages.hpp. Any thread.

#include <string.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace menshen {

template <class T>
struct WipingAllocator {
    using value_type = T;

    WipingAllocator() = default;
    template <class U>
    WipingAllocator(const WipingAllocator<U>& /*other*/) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* first, std::size_t count) noexcept {
        ::explicit_bzero(first, count * sizeof(T));
        std::allocator<T>().deallocate(first, count);
    }

    bool operator==(const WipingAllocator& /*other*/) const { return true; }
};

/// Every copy of it, every one that is moved, outgrown or replaced, is overwritten when it goes.
using WipedFloats = std::vector<float, WipingAllocator<float>>;

}  // namespace menshen
