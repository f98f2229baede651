#include "models/intervals.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

#include "models/seeded.hpp"

namespace menshen::models {

Rate clopper_pearson(std::size_t errors, std::size_t trials) {
    if (trials == 0) return {0, 0, 1};
    const auto k = static_cast<double>(errors), n = static_cast<double>(trials);
    return {k / n, errors == 0 ? 0 : boost::math::ibeta_inv(k, n - k + 1, 0.025),
            errors == trials ? 1 : boost::math::ibeta_inv(k + 1, n - k, 0.975)};
}

Rate wilson(std::size_t errors, std::size_t trials) {
    if (trials == 0) return {0, 0, 1};
    constexpr double z = 1.959963984540054;
    const auto n = static_cast<double>(trials);
    const double p = static_cast<double>(errors) / n;
    const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    const double reach = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return {p, std::clamp(middle - reach, 0.0, p), std::clamp(middle + reach, p, 1.0)};
}

double quantile(std::vector<double> values, double q) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double at = q * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const auto high = std::min(low + 1, values.size() - 1);
    return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
}

Rate with_replicates(double value, const std::vector<double>& replicates) {
    return {value, std::min(value, quantile(replicates, 0.025)), std::max(value, quantile(replicates, 0.975))};
}

std::vector<std::vector<float>> person_weights(std::size_t persons, std::size_t replicates, std::size_t seed) {
    Seeded random(seed);
    std::vector<std::vector<float>> out(replicates, std::vector<float>(persons));
    if (persons == 0) return out;
    for (auto& weights : out)
        for (std::size_t draw = 0; draw < persons; ++draw) weights[random.below(persons)] += 1;
    return out;
}

}  // namespace menshen::models
