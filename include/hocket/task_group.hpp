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

/// The tasks that a `with_task_group` waits for: Python's asyncio.TaskGroup. For the loop's thread;
/// the body, its tasks and callbacks may create tasks in it until all have ended.
class TaskGroup {
public:
    // As hocket::create_task: schedules a task of the group. RuntimeError when the group is
    // shutting down (a task of it has failed, or its body was cancelled or has thrown) or has
    // finished.

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
        -> Task<detail::CoroValue<F>> {
        require_open();
        return add(detail::spawn_call(loop(), nullptr, &place, std::forward<F>(callable)));
    }
    template <class F, class... Args>
    requires(detail::CoroFunction<F, Args...> && sizeof...(Args) > 0)
    auto create_task(F&& callable, Args&&... args) -> Task<detail::CoroValue<F, Args...>> {
        require_open();
        return add(detail::spawn_call(loop(), nullptr, nullptr, std::forward<F>(callable),
                                      std::forward<Args>(args)...));
    }
    template <class F, class... Args> requires detail::CoroFunction<F, Args...>
    auto create_task(const TaskOptions& options, F&& callable, Args&&... args)
        -> Task<detail::CoroValue<F, Args...>> {
        require_open();
        return add(detail::spawn_call(loop(), &options, nullptr, std::forward<F>(callable),
                                      std::forward<Args>(args)...));
    }
    template <detail::OtherAwaitable A>
    auto create_task(A&& awaitable, std::source_location place = std::source_location::current())
        -> Task<detail::StartableValue<A>> {
        require_open();
        return add(detail::spawn_awaitable(loop(), std::forward<A>(awaitable), nullptr, place));
    }
    template <detail::OtherAwaitable A>
    auto create_task(A&& awaitable, const TaskOptions& options,
                     std::source_location place = std::source_location::current())
        -> Task<detail::StartableValue<A>> {
        require_open();
        return add(detail::spawn_awaitable(loop(), std::forward<A>(awaitable), &options, place));
    }

    // What follows is for hocket's own templates.

    TaskGroup(); ///< In the running task, its parent.
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Waits for the tasks, after the body has ended (with `error`, unless that is nullptr); throws
    /// what comes out of the group.
    Coro<> leave(std::exception_ptr error);

private:
    [[nodiscard]] detail::LoopCore& loop() const noexcept { return members_.parent().loop(); }
    void require_open() const { members_.require_open(); }
    /// Closes `coro` when it is refused: nobody is to be told that it was not awaited.
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

/// Awaits what `body(TaskGroup&)` returns, a Coro, then the tasks it created in the group, and
/// yields the body's value: Python's `async with asyncio.TaskGroup()`. The callable is kept until
/// all is done.
///
/// The first task that fails cancels the others and the body; so does a body that throws or is
/// cancelled the tasks. All are waited for, and the failures (but for the CancelledErrors) come out
/// as one ExceptionGroup. A task that is cancelled, or cancels itself, does not disturb the others.
/// Cancelling the awaiting task cancels all tasks; the CancelledError comes out when they have
/// ended, unless one has failed. KeyboardInterrupt comes out as itself.
template <class F> requires detail::ScopedBody<F, TaskGroup>
auto with_task_group(F&& body) -> Coro<detail::ScopedBodyValue<F, TaskGroup>> {
    return detail::run_task_group<detail::ScopedBodyValue<F, TaskGroup>, std::decay_t<F>>(
        std::forward<F>(body));
}

} // namespace hocket
