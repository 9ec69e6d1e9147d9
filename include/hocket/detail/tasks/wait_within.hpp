#pragma once

#include <chrono>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/timeout.hpp>

namespace hocket::detail {

/// Cancels `task` and waits until it has ended, however; at once when it has. Cancelling the wait
/// leaves it.
Coro<> cancel_and_wait(AnyTask task);
[[noreturn]] void throw_out_of_time();

/// wait_for: `awaitable` is awaited where it is, unless there is no time to do so.
template <class T, class A> Coro<T> wait_within(A awaitable, std::chrono::nanoseconds timeout) {
    if (timeout.count() <= 0) {
        Task<T> task = ensure_task(std::move(awaitable));
        if (!task.done()) {
            co_await cancel_and_wait(task);
            if (task.cancelled()) {
                throw_out_of_time();
            }
        }
        co_return task.result();
    }
    Timeout scope(timeout);
    try {
        co_return co_await std::move(awaitable);
    } catch (...) {
        scope.leave_with_exception();
        throw;
    }
}

} // namespace hocket::detail
