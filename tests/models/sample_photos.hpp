#pragma once
/// The model files and photographs of the cache, for tests that need them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace menshen::models::test {

/// The cache's folder when it is filled. Otherwise nothing and a warning that the test was skipped, or a failure when
/// MENSHEN_MODELS_REQUIRED=1 says that the cache has to be there (./dev test fetches first and says so).
[[nodiscard]] std::optional<std::string> filled_cache();

/// A photograph below the cache's photos/; fails the test when it is not there.
[[nodiscard]] std::vector<std::uint8_t> photo(const std::string& path);

/// The photographs of one of the five persons in johns/, by name.
[[nodiscard]] std::vector<std::string> johns(const std::string& person);

}  // namespace menshen::models::test
