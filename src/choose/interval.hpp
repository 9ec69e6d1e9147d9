#pragma once

#include <vector>

#include <hocket/choose.hpp>

namespace hocket::choosing {

/// Interpolates between the order statistics. `values` must not be empty.
[[nodiscard]] double quantile(std::vector<double> values, double q);
[[nodiscard]] double median(const std::vector<double>& values);

/// The 95 % interval of the median, by resampling. A single value is its own interval.
[[nodiscard]] Choice::Interval bootstrap_interval(const std::vector<double>& values);

/// How much larger the numerators are.
struct Ratio {
    double median = 1;
    Choice::Interval interval = {1, 1};
};

/// The median of paired ratios and its interval. Each pair was measured close together, so that
/// what changes slowly on the machine cancels out. What exceeds the shorter list is not used.
[[nodiscard]] Ratio paired_ratio(const std::vector<double>& numerators,
                                 const std::vector<double>& denominators);

} // namespace hocket::choosing
