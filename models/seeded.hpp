#pragma once
/// Random choices that are the same on every machine for the same seed: the standard library's distributions are not. Pure.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace menshen::models {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). Not for secrets.
class Seeded {
public:
    explicit Seeded(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31U);
    }
    /// 0 to `limit` - 1; limit is not 0 and far below 2^32, so that the remainder's bias is nothing.
    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

    template <class T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

private:
    std::uint64_t state_;
};

}  // namespace menshen::models
