#include "models/match.hpp"

#include <bit>
#include <random>
#include <vector>

#include "models/secret_pages.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::models;

namespace {

struct Case {
    std::vector<float> rows, probe;
    std::vector<std::uint32_t> owners;
    std::size_t dim = 0;

    [[nodiscard]] TemplateRows view() const { return {rows.data(), row_floats(dim), owners}; }
};

/// `count` rows, one to four for each owner. Numbers of very different size, so that another order of additions would show.
Case random_case(std::size_t count, std::size_t dim, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> mantissa(-1, 1);
    const auto number = [&] { return std::ldexp(mantissa(random), -static_cast<int>(random() % 12)) / std::sqrt(float(dim)); };
    Case out;
    out.dim = dim;
    const std::size_t row = row_floats(dim);
    out.rows.resize(count * row);
    out.probe.resize(row);
    for (std::size_t i = 0; i < dim; ++i) out.probe[i] = number();
    for (std::size_t r = 0; r < count; ++r)
        for (std::size_t i = 0; i < dim; ++i) out.rows[r * row + i] = number();
    std::uint32_t owner = 0;
    while (out.owners.size() < count) {
        for (std::size_t i = random() % 4 + 1; i > 0 && out.owners.size() < count; --i) out.owners.push_back(owner);
        ++owner;
    }
    return out;
}

/// By the definition: each owner's best, then the best two of these.
TopTwo slowly(const Case& rows) {
    TopTwo top;
    const std::size_t row = row_floats(rows.dim);
    for (std::size_t i = 0; i < rows.owners.size();) {
        const auto owner = rows.owners[i];
        float best = -1;
        for (; i < rows.owners.size() && rows.owners[i] == owner; ++i) {
            // In double: within rounding of the true product, which decides between all but equal rows.
            double sum = 0;
            for (std::size_t k = 0; k < rows.dim; ++k) sum += double(rows.rows[i * row + k]) * rows.probe[k];
            best = std::max(best, static_cast<float>(sum));
        }
        if (best > top.best_score) {
            top = {owner, best, top.best_score};
        } else {
            top.second_score = std::max(top.second_score, best);
        }
    }
    return top;
}

std::uint32_t bits(float value) { return std::bit_cast<std::uint32_t>(value); }

}  // namespace

TEST_CASE("every kernel gives the scalar kernel's bits, for odd counts and dimensions", "[unit]") {
    const std::size_t dim = GENERATE(1, 4, 7, 8, 9, 63, 64, 100, 128, 192, 511, 512);
    const std::size_t count = GENERATE(1, 2, 3, 4, 5, 63, 64, 65, 257, 1001);
    CAPTURE(dim, count);
    const auto rows = random_case(count, dim, static_cast<std::uint32_t>(dim * 1000 + count));
    const auto expected = best_two(MatchKernel::scalar, rows.view(), rows.probe.data());
    const auto truth = slowly(rows);
    CHECK(expected.best == truth.best);
    CHECK(expected.best_score == Approx(truth.best_score).margin(1e-5));
    CHECK(expected.second_score == Approx(truth.second_score).margin(1e-5));
    for (const auto kernel : kernels_here()) {
        CAPTURE(name_of(kernel));
        const auto found = best_two(kernel, rows.view(), rows.probe.data());
        CHECK(found.best == expected.best);
        CHECK(bits(found.best_score) == bits(expected.best_score));
        CHECK(bits(found.second_score) == bits(expected.second_score));
    }
}

TEST_CASE("equal scores: the earlier owner is best, the other as good", "[unit]") {
    for (const auto kernel : kernels_here()) {
        for (const std::size_t twin : {1, 3, 4, 70, 199}) {
            auto rows = random_case(200, 64, 5);
            for (std::size_t i = 0; i < 200; ++i) rows.owners[i] = static_cast<std::uint32_t>(i);
            // Rows 0 and `twin` are the probe itself.
            for (const std::size_t same : {std::size_t{0}, twin})
                std::copy(rows.probe.begin(), rows.probe.end(), rows.rows.begin() + static_cast<long>(same * 64));
            const auto found = best_two(kernel, rows.view(), rows.probe.data());
            CHECK(found.best == 0);
            CHECK(bits(found.best_score) == bits(found.second_score));
        }
    }
}

TEST_CASE("an owner's second template is never the second-best owner", "[unit]") {
    for (const auto kernel : kernels_here()) {
        auto rows = random_case(3, 8, 1);
        rows.rows = {1, 0, 0, 0, 0, 0, 0, 0, 0.9F, 0, 0, 0, 0, 0, 0, 0, 0.5F, 0, 0, 0, 0, 0, 0, 0};
        rows.probe = {1, 0, 0, 0, 0, 0, 0, 0};
        rows.owners = {0, 0, 1};
        const auto found = best_two(kernel, rows.view(), rows.probe.data());
        CHECK(found.best == 0);
        CHECK(found.best_score == 1.0F);
        CHECK(found.second_score == 0.5F);
        // The first owner is overtaken by a later one and becomes the second.
        rows.owners = {0, 1, 1};
        rows.rows[16] = 2;
        const auto overtaken = best_two(kernel, rows.view(), rows.probe.data());
        CHECK(overtaken.best == 1);
        CHECK(overtaken.second_score == 1.0F);
    }
}

TEST_CASE("no rows: nobody; the product of two rows is the search's", "[unit]") {
    const std::vector<float> probe(64, 0.125F);
    for (const auto kernel : kernels_here()) {
        const auto nobody = best_two(kernel, {nullptr, 64, {}}, probe.data());
        CHECK(nobody.best_score == -1.0F);
        CHECK(nobody.second_score == -1.0F);
    }
    const auto rows = random_case(1, 100, 9);
    CHECK(bits(row_product(rows.rows.data(), rows.probe.data(), row_floats(100))) ==
          bits(best_two(best_kernel(), rows.view(), rows.probe.data()).best_score));
}
