#pragma once

#include <chrono>
#include <optional>
#include <type_traits>

#include <hocket/engine/timer.hpp>

namespace hocket::detail {

[[noreturn]] void throw_not_a_number();

/// `duration` in nanoseconds, at least 0 and at most a hundred years. Throws ValueError if it is
/// not a number.
template <class Rep, class Period>
constexpr std::chrono::nanoseconds to_nanoseconds(
    std::chrono::duration<Rep, Period> duration) noexcept(!std::is_floating_point_v<Rep>) {
    using namespace std::chrono;
    constexpr nanoseconds longest = hours(24 * 365 * 100);
    const auto seconds_about = duration_cast<std::chrono::duration<double>>(duration).count();
    if constexpr (std::is_floating_point_v<Rep>) {
        if (seconds_about != seconds_about) {
            throw_not_a_number();
        }
    }
    if (!(seconds_about < std::chrono::duration<double>(longest).count())) {
        return longest;
    }
    if (seconds_about < 0) {
        return nanoseconds(0);
    }
    if constexpr (std::is_floating_point_v<Rep>) {
        return ceil<nanoseconds>(duration);
    } else {
        return duration_cast<nanoseconds>(duration);
    }
}

/// The time when a blocking wait ends at the latest; empty if there is no limit.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// The time on the loop's clock at which `delay` will have passed.
template <class Rep, class Period>
std::chrono::steady_clock::time_point
deadline_after(std::chrono::duration<Rep, Period> delay) noexcept(!std::is_floating_point_v<Rep>) {
    return std::chrono::steady_clock::now() + to_nanoseconds(delay);
}

} // namespace hocket::detail
