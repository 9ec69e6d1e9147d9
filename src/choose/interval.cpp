#include "choose/interval.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>

namespace hocket::choosing {

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    const double position = q * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(position);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (values[high] - values[low]) * (position - static_cast<double>(low));
}

double median(const std::vector<double>& values) { return quantile(values, 0.5); }

Choice::Interval bootstrap_interval(const std::vector<double>& values) {
    if (values.size() < 2) {
        return {values.front(), values.front()};
    }
    constexpr int resamples = 1000;
    std::minstd_rand random(1); // the same interval for the same measurements
    std::uniform_int_distribution<std::size_t> any(0, values.size() - 1);
    std::vector<double> medians;
    medians.reserve(resamples);
    std::vector<double> sample(values.size());
    for (int i = 0; i < resamples; ++i) {
        std::generate(sample.begin(), sample.end(), [&] { return values[any(random)]; });
        medians.push_back(median(sample));
    }
    return {quantile(medians, 0.025), quantile(medians, 0.975)};
}

Ratio paired_ratio(const std::vector<double>& numerators, const std::vector<double>& denominators) {
    std::vector<double> logs(std::min(numerators.size(), denominators.size()));
    for (std::size_t i = 0; i < logs.size(); ++i) {
        logs[i] = std::log(numerators[i] / denominators[i]);
    }
    const auto [low, high] = bootstrap_interval(logs);
    return {std::exp(median(logs)), {std::exp(low), std::exp(high)}};
}

} // namespace hocket::choosing
