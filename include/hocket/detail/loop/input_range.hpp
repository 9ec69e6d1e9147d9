#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace hocket::detail {

// The part of <ranges> that maps need. All of <ranges> takes a tenth of hocket's compile time; its
// customization points also come with <iterator>.

template <class Range> using RangeIterator = decltype(std::ranges::begin(std::declval<Range&>()));

/// Like `std::ranges::input_range`: can be iterated over.
template <class Range>
concept InputRange = std::input_iterator<RangeIterator<Range>> && requires(Range& range) {
    { std::ranges::end(range) } -> std::sentinel_for<RangeIterator<Range>>;
};
/// Like `std::ranges::forward_range`: can be iterated over several times.
template <class Range>
concept ForwardRange = InputRange<Range> && std::forward_iterator<RangeIterator<Range>>;

template <class Range> using RangeValue = std::iter_value_t<RangeIterator<Range>>;

/// The number of elements, if the range knows it without counting.
template <class Range> std::optional<std::size_t> size_if_known(Range& range) {
    if constexpr (requires { std::ranges::size(range); }) {
        return static_cast<std::size_t>(std::ranges::size(range));
    } else {
        return std::nullopt;
    }
}

} // namespace hocket::detail
