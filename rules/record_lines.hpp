#pragma once
/// Records from a file, one JSON object a line.

#include <cstdint>
#include <istream>
#include <string>

#include "core/record.hpp"
#include "core/result.hpp"

namespace menshen::rules {

/// Reads line by line in bounded memory; blank lines are passed over. Fails with "file:line: reason".
class RecordLines {
public:
    static constexpr std::size_t kMostLineBytes = 1 << 20;

    RecordLines(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

    /// The next record in `record`; false at the end. Records must ascend in `at`.
    [[nodiscard]] Result<bool> next(Record& record);
    [[nodiscard]] std::uint64_t line() const { return line_; }

private:
    [[nodiscard]] Result<bool> next_line();
    [[nodiscard]] bool fill();

    std::istream& in_;
    std::string name_;
    std::string buffer_;
    std::size_t begin_ = 0;  // of what has not been read yet, in the buffer
    std::string_view text_;
    std::uint64_t line_ = 0;
    bool any_ = false;
    Stamp last_;
};

/// Reads the plain form that gates and scripts write; false when the line is anything else, which is not to say that it is wrong:
/// then core's parse_record() has the last word. Several times as fast.
[[nodiscard]] bool parse_plain_record(std::string_view json, Record& record);

}  // namespace menshen::rules
