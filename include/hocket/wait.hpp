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

/// When wait() returns.
enum class ReturnWhen {
    FIRST_COMPLETED, ///< one task is done, however it ended
    FIRST_EXCEPTION, ///< one task has ended with an exception (not cancelled), or all are done
    ALL_COMPLETED
};

/// How wait() waits.
struct WaitOptions {
    std::optional<std::chrono::nanoseconds> timeout = {}; ///< unset: for ever
    ReturnWhen return_when = ReturnWhen::ALL_COMPLETED;
};

/// What wait() returns: the tasks it was given, in that order.
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

/// Waits for `tasks` and says which are done: Python's asyncio.wait. Does not cancel them, neither
/// when the timeout passes (which is no error) nor when the awaiting task is cancelled; does not
/// throw what they threw. ValueError when `tasks` is empty. Lets at least one turn of the loop
/// pass.
template <class T> Coro<WaitResult<T>> wait(std::vector<Task<T>> tasks) {
    return detail::wait(std::move(tasks), WaitOptions());
}
template <class T>
Coro<WaitResult<T>> wait(std::vector<Task<T>> tasks, const WaitOptions& options) {
    return detail::wait(std::move(tasks), options);
}

/// Yields the tasks as they are done, in the order in which they are: Python's
/// asyncio.as_completed.
///
///     std::vector<hocket::Task<int>> tasks;
///     auto completed = hocket::as_completed(tasks);
///     while (auto task = co_await completed.next()) std::cout << task->result();
///
/// With a timeout, counted from this call, `next` throws TimeoutError when it passes before all are
/// done, and yields nothing more. The tasks are cancelled neither by that nor by dropping the
/// generator. RuntimeError when no loop runs on this thread.
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

/// Awaits `awaitable` for at most `timeout`: Python's asyncio.wait_for. When the time is over,
/// cancels it, waits until it has ended, and throws TimeoutError; if it answers the cancellation
/// with a value or an exception, that comes out instead. Takes what gather takes; a coroutine runs
/// within the awaiting task. Cancelling the awaiting task cancels the awaitable. To let it go on,
/// wait for `shield(awaitable)`.
///
/// A timeout that is not positive never starts a coroutine: yields the result of a task that is
/// done, or throws TimeoutError. The time starts when the wait_for itself is awaited.
template <detail::Startable A, class Rep, class Period>
Coro<detail::StartableValue<A>> wait_for(A&& awaitable,
                                         std::chrono::duration<Rep, Period> timeout) {
    return detail::wait_within<detail::StartableValue<A>>(detail::own(std::forward<A>(awaitable)),
                                                          detail::to_nanoseconds(timeout));
}
/// Without a limit, for a caller whose limit is optional: Python's wait_for(awaitable, None).
template <detail::Startable A>
Coro<detail::StartableValue<A>> wait_for(A&& awaitable, std::nullopt_t) {
    return detail::await_owned<detail::StartableValue<A>>(detail::own(std::forward<A>(awaitable)));
}

} // namespace hocket
