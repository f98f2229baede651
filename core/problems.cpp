#include "core/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace menshen {

std::string Problem::text() const {
    const auto where = place.line > 0 ? fmt::format("{}:{}:{}", file, place.line, place.column) : file;
    return fmt::format("{}: {}{}", where, severity == Severity::warning ? "warning: " : "", message);
}

void Problems::add(std::string_view file, Place place, std::string message, Severity severity) {
    if (severity == Severity::error) ++errors_;
    if (all_.size() > kLimit) return;
    if (all_.size() == kLimit) message = fmt::format("more than {} problems; the rest is not listed", kLimit);
    all_.push_back({std::string(file), place, std::move(message), severity});
}

std::string Problems::text() const {
    auto sorted = all_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.file, a.place.line, a.place.column) < std::tie(b.file, b.place.line, b.place.column);
    });
    std::string out;
    for (const auto& problem : sorted) out += problem.text() + "\n";
    return out;
}

namespace {

/// Optimal string alignment distance: insert, delete, replace, swap of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
    if (word.empty() || word.size() > 64) return {};
    std::string_view best;
    // A third of the word may be wrong, one letter always.
    std::size_t limit = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto candidate : candidates) {
        const auto d = distance(word, candidate);
        if (d < limit) {
            limit = d;
            best = candidate;
        }
    }
    return std::string(best);
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
    const auto near = nearest(word, candidates);
    return fmt::format("{} (one of: {})", near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near),
                       fmt::join(candidates, ", "));
}

}  // namespace menshen
