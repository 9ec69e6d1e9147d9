#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/context.hpp>
#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_state.hpp>
#include <hocket/errors.hpp>
#include <hocket/option_string.hpp>

namespace hocket {

/// Options of create_task.
struct TaskOptions {
    OptionString name = {};              ///< default: "Task-N"
    bool eager_start = false;            ///< run up to the first suspension within create_task
    std::optional<Context> context = {}; ///< default: a copy of the current context
};

/// A handle to a task of any result type. Copyable; copies refer to the same task. Use it only on
/// the loop's thread, except for `done`, `cancelled` and `cancel`.
class AnyTask {
public:
    AnyTask() noexcept = default; ///< Refers to no task.
    explicit AnyTask(detail::TaskPointer<detail::TaskBase> task) noexcept
        : task_(std::move(task)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(task_); }
    friend bool operator==(const AnyTask& a, const AnyTask& b) noexcept {
        return a.task_.get() == b.task_.get();
    }

    [[nodiscard]] std::string name() const { return state().name(); }
    void set_name(std::string name) { state().set_name(std::move(name)); }

    /// Whether the task has ended, with a result, an exception or by cancellation. May be called
    /// from any thread.
    [[nodiscard]] bool done() const { return state().done(); }
    /// Whether the task ended with CancelledError. May be called from any thread.
    [[nodiscard]] bool cancelled() const {
        return state().state() == detail::TaskBase::State::cancelled;
    }
    /// Requests cancellation: CancelledError is thrown at the task's current `co_await`. Returns
    /// false if the task is done already. May be called from any thread; from another thread the
    /// request is posted to the task's loop.
    bool cancel(std::string_view message = {}) { return state().cancel(message); }
    /// Withdraws one cancellation request and returns how many are left.
    int uncancel() { return state().uncancel(); }
    /// The number of cancellation requests that have not been withdrawn.
    [[nodiscard]] int cancelling() const { return state().cancelling(); }

    /// The exception that ended the task, or nullptr. Throws InvalidStateError while the task is
    /// running, and CancelledError if it was cancelled.
    [[nodiscard]] std::exception_ptr exception() const;

    /// The place at which create_task was called.
    [[nodiscard]] std::source_location created_at() const { return state().created_at(); }
    /// The innermost `co_await` of the program's own code at which the task is suspended.
    [[nodiscard]] std::source_location waiting_at() const { return state().waiting_at(); }
    /// Prints the chain of `co_await`s from the task's coroutine to the innermost one.
    void print_stack(std::ostream& out) const { state().print_stack(out); }

    /// Removes a callback added by add_done_callback. Returns false if there is no such callback,
    /// or not any more.
    bool remove_done_callback(std::uint64_t id) const;

    /// Internal. Throws RuntimeError if this handle refers to no task.
    [[nodiscard]] detail::TaskBase& state() const {
        if (!task_) [[unlikely]] {
            throw RuntimeError("this Task handle is empty: it refers to no task");
        }
        return *task_;
    }

protected:
    std::uint64_t add_callback(std::function<void()> callback) const;

private:
    detail::TaskPointer<detail::TaskBase> task_;
};

/// A coroutine scheduled on a loop: Python's asyncio.Task. It may be awaited any number of times:
/// returns a copy of the result (or moves it out if it cannot be copied), or throws the exception
/// that ended the task. Cancelling the awaiting task cancels this one. The loop keeps a running
/// task alive, even if all handles are destroyed.
template <class T> class Task : public AnyTask {
    using State = detail::TaskState<T>;

public:
    using value_type = T;
    using hocket_awaitable = void;

    Task() noexcept = default;
    explicit Task(detail::TaskPointer<detail::TaskBase> task) noexcept : AnyTask(std::move(task)) {}

    /// Returns the result, or throws the exception that ended the task. Throws InvalidStateError
    /// while the task is running.
    decltype(auto) result() const { return typed().result(); }

    /// Calls `callback(task)` or `callback()` through the loop once the task is done. Returns an id
    /// for remove_done_callback. Exceptions from the callback go to the loop's exception handler.
    template <class F> std::uint64_t add_done_callback(F callback) const {
        return add_callback([callback = std::move(callback), raw = &typed()]() mutable {
            if constexpr (std::is_invocable_v<F&, Task>) {
                raw->ref();
                callback(Task(detail::TaskPointer<detail::TaskBase>(raw)));
            } else {
                callback();
            }
        });
    }

    auto operator co_await() const { return detail::TaskAwaiter<T>(typed()); }

private:
    State& typed() const { return static_cast<State&>(state()); }
};

/// Schedules `coro` on the running loop; it starts in the next turn. Throws RuntimeError if no loop
/// is running on this thread.
template <class T>
Task<T> create_task(Coro<T> coro, std::source_location place = std::source_location::current());
template <class T>
Task<T> create_task(Coro<T> coro, const TaskOptions& options,
                    std::source_location place = std::source_location::current());

/// Calls `callable(args...)` and schedules the Coro that it returns. The callable and its arguments
/// are kept alive until the task ends, so a lambda may capture values that its coroutine uses.
template <class F> requires detail::CoroFunction<F>
auto create_task(F&& callable, std::source_location place = std::source_location::current())
    -> detail::MadeOf<Task<detail::CoroValue<F>>, F>;
template <class F, class... Args> requires(detail::CoroFunction<F, Args...> && sizeof...(Args) > 0)
auto create_task(F&& callable, Args&&... args)
    -> detail::MadeOf<Task<detail::CoroValue<F, Args...>>, F, Args...>;
template <class F, class... Args> requires detail::CoroFunction<F, Args...>
auto create_task(const TaskOptions& options, F&& callable, Args&&... args)
    -> detail::MadeOf<Task<detail::CoroValue<F, Args...>>, F, Args...>;
/// The task that is running on this thread; an empty handle outside of tasks.
[[nodiscard]] AnyTask current_task();
/// The tasks of the running loop that are not done. Throws RuntimeError if no loop is running on
/// this thread.
[[nodiscard]] std::vector<AnyTask> all_tasks();

} // namespace hocket

#include <hocket/detail/loop/create_task.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
