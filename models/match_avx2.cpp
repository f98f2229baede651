// Compiled for AVX2 (models/CMakeLists.txt); called only where the processor has it. See match_kernels.hpp about includes.
#include "models/match_kernels.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace menshen::models {
namespace {

inline __m256 step(__m256 sum, const float* row, __m256 probe) {
    return _mm256_add_ps(sum, _mm256_mul_ps(_mm256_loadu_ps(row), probe));
}

// Four rows at once hide the latency of the additions and share each load of the probe.
inline __m128 four_rows(const float* rows, size_t row, const float* probe) {
    __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
    for (size_t i = 0; i < row; i += 8) {
        const __m256 p = _mm256_loadu_ps(probe + i);
        a = step(a, rows + i, p);
        b = step(b, rows + row + i, p);
        c = step(c, rows + 2 * row + i, p);
        d = step(d, rows + 3 * row + i, p);
    }
    // Pairwise sums: (0+1)+(2+3) of each row in the lower half, (4+5)+(6+7) in the upper one.
    const __m256 halves = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1));
}

inline float one_row(const float* values, size_t row, const float* probe) {
    __m256 sum = _mm256_setzero_ps();
    for (size_t i = 0; i < row; i += 8) sum = step(sum, values + i, _mm256_loadu_ps(probe + i));
    const __m256 pairs = _mm256_hadd_ps(sum, sum);
    const __m256 halves = _mm256_hadd_ps(pairs, pairs);
    return _mm_cvtss_f32(_mm_add_ss(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1)));
}

}  // namespace

void score_rows_avx2(const float* rows, size_t count, size_t row, const float* probe, float* scores) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) _mm_storeu_ps(scores + i, four_rows(rows + i * row, row, probe));
    for (; i < count; ++i) scores[i] = one_row(rows + i * row, row, probe);
}

}  // namespace menshen::models
#endif
