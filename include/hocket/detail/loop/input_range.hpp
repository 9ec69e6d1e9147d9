#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace hocket::detail {

// What maps need of <ranges>, which takes a tenth of hocket's time to compile; its customization
// points come with <iterator>.

template <class Range> using RangeIterator = decltype(std::ranges::begin(std::declval<Range&>()));

/// Something to iterate over: `std::ranges::input_range`.
template <class Range>
concept InputRange = std::input_iterator<RangeIterator<Range>> && requires(Range& range) {
    { std::ranges::end(range) } -> std::sentinel_for<RangeIterator<Range>>;
};
/// One that can be iterated over several times: `std::ranges::forward_range`.
template <class Range>
concept ForwardRange = InputRange<Range> && std::forward_iterator<RangeIterator<Range>>;

template <class Range> using RangeValue = std::iter_value_t<RangeIterator<Range>>;

/// How many elements there are, where the range knows without counting.
template <class Range> std::optional<std::size_t> size_if_known(Range& range) {
    if constexpr (requires { std::ranges::size(range); }) {
        return static_cast<std::size_t>(std::ranges::size(range));
    } else {
        return std::nullopt;
    }
}

} // namespace hocket::detail
