#pragma once

#include <chrono>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/tasks/sleep_awaiter.hpp>

namespace hocket {

/// Suspends the task for `delay`. If it is zero or negative, suspends for one turn of the loop, in
/// which everything else that is ready runs. Cancelling the task ends the sleep at once with
/// CancelledError. Converts to Coro<>. Throws ValueError if `delay` is NaN.
template <class Rep, class Period> detail::Sleep sleep(std::chrono::duration<Rep, Period> delay) {
    return detail::Sleep(detail::to_nanoseconds(delay).count());
}

/// The same, but returns `result` afterwards.
template <class Rep, class Period, class T>
Coro<T> sleep(std::chrono::duration<Rep, Period> delay, T result) {
    return detail::sleep_with_result(detail::to_nanoseconds(delay).count(), std::move(result));
}

/// Suspends the task until `when` on the loop's clock; for one turn if that has passed.
Coro<> sleep_until(std::chrono::steady_clock::time_point when);

} // namespace hocket
