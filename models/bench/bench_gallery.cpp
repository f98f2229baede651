// menshen-bench-gallery: one face against 10,000 persons with three templates of 64 numbers each, beside a plain reading of the
// same bytes in the same run. One JSON object a line.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "models/match.hpp"
#include "models/secret_pages.hpp"

#include <fmt/format.h>

namespace {

using namespace menshen::models;

constexpr std::size_t kPersons = 10'000;
constexpr std::size_t kEach = 3;
constexpr std::size_t kDim = 64;
constexpr int kRounds = 301;

double milliseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

void figure(const char* name, double value, const char* unit) {
    fmt::print("{{\"figure\": \"{}\", \"value\": {:.3f}, \"unit\": \"{}\"}}\n", name, value, unit);
}

/// Every byte is read once and nothing else is done with it that would take time: what memory alone allows. Many sums at once, as
/// otherwise the latency of an addition would be measured.
std::uint64_t read_all(const SecretFloats& values) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(values.data());
    const std::size_t count = values.size() / 2;
    std::uint64_t sums[16] = {};
    for (std::size_t i = 0; i + 16 <= count; i += 16)
        for (std::size_t lane = 0; lane < 16; ++lane) sums[lane] ^= words[i + lane];
    std::uint64_t all = 0;
    for (const auto sum : sums) all ^= sum;
    return all;
}

/// Directions at random, as far from each other as a stranger is from a resident.
void fill(SecretFloats& values, std::mt19937& random) {
    std::normal_distribution<float> normal(0.0F, 1.0F / 8);
    for (auto& value : values) value = normal(random);
}

}  // namespace

int main() {
    std::mt19937 random(1);
    SecretFloats values(kPersons * kEach * row_floats(kDim)), probe(row_floats(kDim));
    fill(values, random);
    fill(probe, random);
    std::vector<std::uint32_t> owners;
    for (std::size_t i = 0; i < kPersons * kEach; ++i) owners.push_back(static_cast<std::uint32_t>(i / kEach));
    const TemplateRows rows{values.data(), row_floats(kDim), owners};

    std::vector<double> matching, scalar, reading;
    std::uint64_t kept = 0;
    float best = 0;
    for (int round = 0; round < kRounds; ++round) {
        probe[0] = 0.001F * static_cast<float>(round);  // Or the compiler might search once for all.
        matching.push_back(milliseconds([&] { best += best_two(best_kernel(), rows, probe.data()).best_score; }));
        reading.push_back(milliseconds([&] { kept ^= read_all(values); }));
        scalar.push_back(milliseconds([&] { best -= best_two(MatchKernel::scalar, rows, probe.data()).best_score; }));
    }
    fmt::print(stderr, "{} persons with {} templates of {} numbers, {:.1f} MB; kernel {}; sums {} {:x}\n", kPersons, kEach, kDim,
               static_cast<double>(values.size()) * 4e-6, name_of(best_kernel()), best, kept);
    if (best != 0.0F) {
        fmt::print(stderr, "menshen-bench-gallery: the kernels disagree\n");
        return 1;
    }
    figure("face.match_30000.time", median(matching), "ms");
    figure("face.match_30000.over_plain_read", median(matching) / median(reading), "x");
    figure("face.match_30000.plain_read_time", median(reading), "ms");
    figure("face.match_30000.scalar_time", median(scalar), "ms");
    return 0;
}
