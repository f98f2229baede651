// For 64-bit ARM, where NEON is part of every processor and rounds as IEEE 754 does; 32-bit NEON flushes small numbers to zero
// and would give other bits, so there the scalar kernel runs.
#include "models/match_kernels.hpp"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace menshen::models {
namespace {

/// Eight lanes in two registers.
struct Sum {
    float32x4_t low = vdupq_n_f32(0), high = vdupq_n_f32(0);

    void step(const float* row, float32x4_t probe_low, float32x4_t probe_high) {
        low = vaddq_f32(low, vmulq_f32(vld1q_f32(row), probe_low));
        high = vaddq_f32(high, vmulq_f32(vld1q_f32(row + 4), probe_high));
    }
};

inline float32x4_t four_rows(const float* rows, size_t row, const float* probe) {
    Sum a, b, c, d;
    for (size_t i = 0; i < row; i += 8) {
        const float32x4_t low = vld1q_f32(probe + i), high = vld1q_f32(probe + i + 4);
        a.step(rows + i, low, high);
        b.step(rows + row + i, low, high);
        c.step(rows + 2 * row + i, low, high);
        d.step(rows + 3 * row + i, low, high);
    }
    const float32x4_t low = vpaddq_f32(vpaddq_f32(a.low, b.low), vpaddq_f32(c.low, d.low));
    const float32x4_t high = vpaddq_f32(vpaddq_f32(a.high, b.high), vpaddq_f32(c.high, d.high));
    return vaddq_f32(low, high);
}

inline float one_row(const float* values, size_t row, const float* probe) {
    Sum sum;
    for (size_t i = 0; i < row; i += 8) sum.step(values + i, vld1q_f32(probe + i), vld1q_f32(probe + i + 4));
    const float32x4_t pairs = vpaddq_f32(sum.low, sum.high);
    const float32x4_t halves = vpaddq_f32(pairs, pairs);
    return vgetq_lane_f32(halves, 0) + vgetq_lane_f32(halves, 1);
}

}  // namespace

void score_rows_neon(const float* rows, size_t count, size_t row, const float* probe, float* scores) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) vst1q_f32(scores + i, four_rows(rows + i * row, row, probe));
    for (; i < count; ++i) scores[i] = one_row(rows + i * row, row, probe);
}

}  // namespace menshen::models
#endif
