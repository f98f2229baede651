#include "models/match.hpp"

#include <algorithm>
#include <array>

#include "models/match_kernels.hpp"

namespace menshen::models {

void score_rows_scalar(const float* rows, std::size_t count, std::size_t row, const float* probe, float* scores) {
    for (std::size_t r = 0; r < count; ++r) {
        const float* values = rows + r * row;
        std::array<float, kMatchLanes> sum{};
        for (std::size_t i = 0; i < row; i += kMatchLanes)
            for (std::size_t lane = 0; lane < kMatchLanes; ++lane) sum[lane] += values[i + lane] * probe[i + lane];
        scores[r] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    }
}

namespace {

#if defined(__x86_64__)
constexpr std::array kAll = {MatchKernel::scalar, MatchKernel::avx2};
bool has_more() { return __builtin_cpu_supports("avx2") != 0; }
ScoreRows function_of(MatchKernel kernel) {
    return kernel == MatchKernel::avx2 && best_kernel() == kernel ? score_rows_avx2 : score_rows_scalar;
}
#elif defined(__aarch64__)
constexpr std::array kAll = {MatchKernel::scalar, MatchKernel::neon};
bool has_more() { return true; }
ScoreRows function_of(MatchKernel kernel) { return kernel == MatchKernel::neon ? score_rows_neon : score_rows_scalar; }
#else
constexpr std::array kAll = {MatchKernel::scalar};
bool has_more() { return false; }
ScoreRows function_of(MatchKernel /*kernel*/) { return score_rows_scalar; }
#endif

// Small enough to stay in the first-level cache.
constexpr std::size_t kBlock = 64;

void add_row(TopTwo& top, std::uint32_t owner, float score) {
    if (owner == top.best && top.best_score > -1.0F) {
        top.best_score = std::max(top.best_score, score);
    } else if (score > top.best_score) {
        // What was best belongs to another owner and is at least as good as any other second.
        top.second_score = top.best_score;
        top.best_score = score;
        top.best = owner;
    } else {
        top.second_score = std::max(top.second_score, score);
    }
}

}  // namespace

std::string_view name_of(MatchKernel kernel) {
    switch (kernel) {
        case MatchKernel::scalar:
            return "scalar";
        case MatchKernel::avx2:
            return "AVX2";
        case MatchKernel::neon:
            return "NEON";
    }
    return "unknown";
}

std::span<const MatchKernel> kernels_here() {
    static const bool more = has_more();
    return std::span(kAll).first(more ? kAll.size() : 1);
}

MatchKernel best_kernel() { return kernels_here().back(); }

TopTwo best_two(MatchKernel kernel, const TemplateRows& rows, const float* probe) {
    const ScoreRows score_rows = function_of(kernel);
    TopTwo top;
    std::array<float, kBlock> scores{};
    for (std::size_t first = 0; first < rows.owners.size(); first += kBlock) {
        const std::size_t count = std::min(kBlock, rows.owners.size() - first);
        score_rows(rows.values + first * rows.row, count, rows.row, probe, scores.data());
        for (std::size_t i = 0; i < count; ++i)
            // Most rows change neither of the two; this one comparison passes them by.
            if (scores[i] > top.second_score) add_row(top, rows.owners[first + i], scores[i]);
    }
    return top;
}

float row_product(const float* a, const float* b, std::size_t row) {
    float score = 0;
    score_rows_scalar(a, 1, row, b, &score);
    return score;
}

}  // namespace menshen::models
