#pragma once
/// The kernels behind match.hpp. This header includes no inline function on purpose: match_avx2.cpp is compiled for AVX2, and an
/// inline function compiled there could be the copy that the linker keeps for a processor without it.

#include <stddef.h>

namespace menshen::models {

/// Writes the products of `probe` with `count` rows of `row` floats each; `row` is a multiple of 8. Lane i of eight adds the
/// products i, i + 8, i + 16 ... in this order; then ((0+1)+(2+3)) + ((4+5)+(6+7)).
using ScoreRows = void (*)(const float* rows, size_t count, size_t row, const float* probe, float* scores);

void score_rows_scalar(const float* rows, size_t count, size_t row, const float* probe, float* scores);
#if defined(__x86_64__)
void score_rows_avx2(const float* rows, size_t count, size_t row, const float* probe, float* scores);
#elif defined(__aarch64__)
void score_rows_neon(const float* rows, size_t count, size_t row, const float* probe, float* scores);
#endif

}  // namespace menshen::models
