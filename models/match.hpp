#pragma once
/// The exact search of a face among many: the best person and the second-best in one pass over the templates. Pure.
///
/// Every kernel multiplies and adds in the same order with the same rounding (no fused multiply-add), so that all of them give
/// the same bits on every machine. The loop waits for memory, not for arithmetic: fusing would win nothing.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace menshen::models {

/// Rows are padded with zeros to a multiple of this.
inline constexpr std::size_t kMatchLanes = 8;
/// The floats that a row of `dim` numbers takes.
[[nodiscard]] constexpr std::size_t row_floats(std::size_t dim) { return (dim + kMatchLanes - 1) / kMatchLanes * kMatchLanes; }

enum class MatchKernel : std::uint8_t { scalar, avx2, neon };
[[nodiscard]] std::string_view name_of(MatchKernel kernel);
/// The fastest that this processor has; asked once.
[[nodiscard]] MatchKernel best_kernel();
/// Those that run here; the scalar one is always among them.
[[nodiscard]] std::span<const MatchKernel> kernels_here();

/// Templates behind each other, row by row.
struct TemplateRows {
    const float* values = nullptr;          ///< owners.size() rows of `row` floats each.
    std::size_t row = 0;                    ///< row_floats(dim).
    std::span<const std::uint32_t> owners;  ///< Whose each row is.
};

/// The two best owners. With equal scores the earlier row wins. Both scores are -1 when there are none.
struct TopTwo {
    std::uint32_t best = 0;
    float best_score = -1.0F;
    float second_score = -1.0F;  ///< Of the best row of any other owner.
};

/// `probe` has rows.row floats. A kernel that this processor does not have is the caller's error: it is replaced by the scalar.
[[nodiscard]] TopTwo best_two(MatchKernel kernel, const TemplateRows& rows, const float* probe);

/// The product of two rows, to the bit as best_two() has it. `row` is row_floats(dim).
[[nodiscard]] float row_product(const float* a, const float* b, std::size_t row);

}  // namespace menshen::models
