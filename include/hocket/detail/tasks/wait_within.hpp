#pragma once

#include <chrono>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/timeout.hpp>

namespace hocket::detail {

/// Cancels `task` and waits until it has ended in any way; returns at once if it already has.
/// Cancelling the wait leaves the task alone.
Coro<> cancel_and_wait(AnyTask task);
[[noreturn]] void throw_out_of_time();

/// Implements wait_for. Awaits `awaitable` directly; only if the timeout is not positive does it
/// create a task for it.
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
