#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/tasks/completions.hpp>
#include <hocket/detail/tasks/wait_within.hpp>
#include <hocket/task.hpp>

namespace hocket {

/// The condition on which wait() returns.
enum class ReturnWhen {
    FIRST_COMPLETED, ///< one task is done, with any outcome
    FIRST_EXCEPTION, ///< one task has ended with an exception (not cancelled), or all are done
    ALL_COMPLETED
};

/// Options of wait().
struct WaitOptions {
    std::optional<std::chrono::nanoseconds> timeout = {}; ///< unset: no limit
    ReturnWhen return_when = ReturnWhen::ALL_COMPLETED;
};

/// The result of wait(): the given tasks, in the same order.
template <class T> struct WaitResult {
    std::vector<Task<T>> done;
    std::vector<Task<T>> pending;
};

namespace detail {
Coro<> wait_until(std::vector<AnyTask> tasks, WaitOptions options);

template <class T> Coro<WaitResult<T>> wait(std::vector<Task<T>> tasks, WaitOptions options) {
    co_await wait_until(std::vector<AnyTask>(tasks.begin(), tasks.end()), options);
    WaitResult<T> result;
    for (Task<T>& task : tasks) {
        (task.done() ? result.done : result.pending).push_back(std::move(task));
    }
    co_return result;
}
} // namespace detail

/// Waits for `tasks` and returns which of them are done: Python's asyncio.wait. Does not throw
/// their exceptions. Does not cancel them when the timeout passes, which is not an error, or when
/// the awaiting task is cancelled. Always waits for at least one turn of the loop. Throws
/// ValueError if `tasks` is empty.
template <class T> Coro<WaitResult<T>> wait(std::vector<Task<T>> tasks) {
    return detail::wait(std::move(tasks), WaitOptions());
}
template <class T>
Coro<WaitResult<T>> wait(std::vector<Task<T>> tasks, const WaitOptions& options) {
    return detail::wait(std::move(tasks), options);
}

/// Yields the tasks in the order in which they complete: Python's asyncio.as_completed.
///
///     std::vector<hocket::Task<int>> tasks;
///     auto completed = hocket::as_completed(tasks);
///     while (auto task = co_await completed.next()) std::cout << task->result();
///
/// With a timeout, counted from this call, `next` throws TimeoutError if it passes before all tasks
/// are done, and yields nothing more. Neither the timeout nor destroying the generator cancels the
/// tasks. Throws RuntimeError if no loop is running on this thread.
template <class T>
AsyncGenerator<Task<T>> as_completed(std::vector<Task<T>> tasks,
                                     std::optional<std::chrono::nanoseconds> timeout) {
    auto completions = std::make_unique<detail::Completions>(
        std::vector<AnyTask>(tasks.begin(), tasks.end()), timeout);
    return detail::in_order_of_completion(std::move(tasks), std::move(completions));
}
template <class T> AsyncGenerator<Task<T>> as_completed(std::vector<Task<T>> tasks) {
    return as_completed(std::move(tasks), std::nullopt);
}

/// Awaits `awaitable` for at most `timeout`: Python's asyncio.wait_for. When the timeout passes,
/// cancels the awaitable, waits until it has ended, and throws TimeoutError; if it responds to the
/// cancellation with a value or another exception, that is returned or thrown instead. Accepts
/// anything gather accepts; a coroutine runs inside the awaiting task. Cancelling the awaiting task
/// cancels the awaitable. To keep it running, wait for `shield(awaitable)`.
///
/// If the timeout is zero or negative, a coroutine is never started: returns the result of a task
/// that is already done, or throws TimeoutError. The time starts when the wait_for itself is
/// awaited.
template <detail::Startable A, class Rep, class Period>
detail::MadeOf<Coro<detail::StartableValue<A>>, A>
wait_for(A&& awaitable, std::chrono::duration<Rep, Period> timeout) {
    return detail::wait_within<detail::StartableValue<A>>(detail::own(std::forward<A>(awaitable)),
                                                          detail::to_nanoseconds(timeout));
}
/// Without a time limit, for callers whose limit is optional: Python's wait_for(awaitable, None).
template <detail::Startable A>
detail::MadeOf<Coro<detail::StartableValue<A>>, A> wait_for(A&& awaitable, std::nullopt_t) {
    return detail::await_owned<detail::StartableValue<A>>(detail::own(std::forward<A>(awaitable)));
}

} // namespace hocket
