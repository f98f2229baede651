#pragma once
/// Columns for people to read.

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace menshen::cli {

/// How many cells of a terminal the text takes: wide characters (Chinese, Japanese, Korean, most emoji) two, combining marks
/// none. Bytes that are no UTF-8 count one each.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The text with control characters and broken bytes replaced by `?`: a name must not be able to move the reader's cursor.
[[nodiscard]] std::string printable(std::string_view text);

/// Lines up its columns by what the terminal shows; the last column is not padded.
class Table {
public:
    explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}

    /// Missing cells are empty; cells beyond the head are dropped.
    void add(std::vector<std::string> row);
    /// Prints `empty` instead when there is no row.
    void print(std::ostream& out, std::string_view empty) const;

private:
    std::vector<std::string> head_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace menshen::cli
