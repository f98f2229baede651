#pragma once
/// Everything wrong with a text at once, each at its place (design: "Bad input").

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace menshen {

/// Where in a file; both count from 1. 0 means the file as a whole.
struct Place {
    int line = 0;
    int column = 0;
};

enum class Severity : unsigned char { error, warning };

struct Problem {
    std::string file;
    Place place;
    std::string message;
    Severity severity = Severity::error;
    /// "gate.yaml:12:3: message"; a warning says so.
    [[nodiscard]] std::string text() const;
};

/// A list that only grows, and stops growing at a limit so that a hostile file cannot fill memory.
class Problems {
public:
    static constexpr std::size_t kLimit = 200;

    void add(std::string_view file, Place place, std::string message, Severity severity = Severity::error);
    [[nodiscard]] bool has_errors() const { return errors_ > 0; }
    [[nodiscard]] std::size_t errors() const { return errors_; }
    [[nodiscard]] const std::vector<Problem>& all() const { return all_; }
    /// One line each, sorted by file and place, ended by a newline.
    [[nodiscard]] std::string text() const;

private:
    std::vector<Problem> all_;
    std::size_t errors_ = 0;
};

/// The candidate nearest to `word` by edit distance (transpositions count once), or empty when none is near enough.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean \"unlock\"? (one of: unlock, held_after, mode)", without the question when nothing is near.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace menshen
