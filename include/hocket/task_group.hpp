#pragma once

#include <exception>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/tasks/group_members.hpp>
#include <hocket/detail/tasks/scoped_body.hpp>
#include <hocket/exception_group.hpp>
#include <hocket/task.hpp>

namespace hocket {

/// The tasks that `with_task_group` waits for: Python's asyncio.TaskGroup. Use it only on the
/// loop's thread. The body, its tasks and callbacks may create tasks in it until all tasks have
/// ended.
class TaskGroup {
public:
    // Like hocket::create_task, but the task belongs to the group. Throws RuntimeError if the group
    // has finished or is shutting down (because one of its tasks failed, or its body threw or was
    // cancelled).

    template <class T>
    Task<T> create_task(Coro<T> coro,
                        std::source_location place = std::source_location::current()) {
        require_open(coro);
        return add(detail::spawn(loop(), std::move(coro), nullptr, place));
    }
    template <class T>
    Task<T> create_task(Coro<T> coro, const TaskOptions& options,
                        std::source_location place = std::source_location::current()) {
        require_open(coro);
        return add(detail::spawn(loop(), std::move(coro), &options, place));
    }
    template <class F> requires detail::CoroFunction<F>
    auto create_task(F&& callable, std::source_location place = std::source_location::current())
        -> detail::MadeOf<Task<detail::CoroValue<F>>, F> {
        require_open();
        return add(detail::spawn_call(loop(), nullptr, &place, std::forward<F>(callable)));
    }
    template <class F, class... Args>
    requires(detail::CoroFunction<F, Args...> && sizeof...(Args) > 0)
    auto create_task(F&& callable, Args&&... args)
        -> detail::MadeOf<Task<detail::CoroValue<F, Args...>>, F, Args...> {
        require_open();
        return add(detail::spawn_call(loop(), nullptr, nullptr, std::forward<F>(callable),
                                      std::forward<Args>(args)...));
    }
    template <class F, class... Args> requires detail::CoroFunction<F, Args...>
    auto create_task(const TaskOptions& options, F&& callable, Args&&... args)
        -> detail::MadeOf<Task<detail::CoroValue<F, Args...>>, F, Args...> {
        require_open();
        return add(detail::spawn_call(loop(), &options, nullptr, std::forward<F>(callable),
                                      std::forward<Args>(args)...));
    }
    template <detail::OtherAwaitable A>
    auto create_task(A&& awaitable, std::source_location place = std::source_location::current())
        -> detail::MadeOf<Task<detail::StartableValue<A>>, A> {
        require_open();
        return add(detail::spawn_awaitable(loop(), std::forward<A>(awaitable), nullptr, place));
    }
    template <detail::OtherAwaitable A>
    auto create_task(A&& awaitable, const TaskOptions& options,
                     std::source_location place = std::source_location::current())
        -> detail::MadeOf<Task<detail::StartableValue<A>>, A> {
        require_open();
        return add(detail::spawn_awaitable(loop(), std::forward<A>(awaitable), &options, place));
    }

    // The rest is internal.

    TaskGroup(); ///< The running task becomes the group's parent.
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Called after the body has ended, with the exception that ended it, or nullptr. Waits for the
    /// tasks, then throws the error of the group, if any.
    Coro<> leave(std::exception_ptr error);

private:
    [[nodiscard]] detail::LoopCore& loop() const noexcept { return members_.parent().loop(); }
    void require_open() const { members_.require_open(); }
    /// Also closes `coro` if it is refused, so that it is not reported as never awaited.
    template <class T> void require_open(Coro<T>& coro) const {
        if (!members_.is_open()) {
            coro.close();
            members_.require_open();
        }
    }
    template <class T> Task<T> add(Task<T> task) {
        members_.add(task.state());
        return task;
    }

    detail::GroupMembers members_;
};

namespace detail {

template <class T, class F> Coro<T> run_task_group(F body) {
    TaskGroup group;
    std::exception_ptr error;
    if constexpr (std::is_void_v<T>) {
        try {
            co_await body(group);
        } catch (...) {
            error = std::current_exception();
        }
        co_await group.leave(std::move(error));
    } else {
        std::optional<Slot<T>> result;
        try {
            result.emplace(co_await body(group));
        } catch (...) {
            error = std::current_exception();
        }
        co_await group.leave(std::move(error));
        co_return static_cast<T>(*std::move(result));
    }
}

} // namespace detail

/// Runs the coroutine returned by `body(TaskGroup&)`, waits for it and for the tasks that were
/// created in the group, and returns the body's value: Python's `async with asyncio.TaskGroup()`.
/// The callable is kept alive until everything has ended.
///
/// When the first task fails, the other tasks and the body are cancelled. If the body throws or is
/// cancelled, all tasks are cancelled. The group waits for all tasks to end and throws their
/// exceptions and the body's, except for CancelledErrors, as one ExceptionGroup. A task that is
/// cancelled or cancels itself does not affect the others.
///
/// Cancelling the awaiting task cancels all tasks. Once they have ended, CancelledError is thrown,
/// unless a task has failed: then the ExceptionGroup is thrown. KeyboardInterrupt is thrown as
/// itself.
template <class F> requires detail::ScopedBody<F, TaskGroup>
auto with_task_group(F&& body) -> detail::MadeOf<Coro<detail::ScopedBodyValue<F, TaskGroup>>, F> {
    return detail::run_task_group<detail::ScopedBodyValue<F, TaskGroup>, std::decay_t<F>>(
        std::forward<F>(body));
}

} // namespace hocket
