#pragma once

#include <coroutine>
#include <string_view>
#include <utility>

#include <hocket/detail/loop/ensure_task.hpp>

namespace hocket {

namespace detail {

/// Awaits a task without passing a cancellation on to it.
template <class T> class ShieldAwaiter final : public TaskAwaiterBase {
public:
    explicit ShieldAwaiter(TaskState<T>& inner) noexcept : TaskAwaiterBase(inner) {}
    T await_resume() {
        finish();
        return static_cast<TaskState<T>&>(awaited_).result();
    }
    bool cancel(std::string_view) noexcept override {
        stop_waiting();
        return true;
    }
};

} // namespace detail

/// What shield() returns: awaitable, any number of times.
template <class T> class [[nodiscard]] Shield {
public:
    using hocket_awaitable = void;
    using hocket_future = void;
    using value_type = T;

    explicit Shield(Task<T> inner) noexcept : inner_(std::move(inner)) {}

    auto operator co_await() const {
        return detail::ShieldAwaiter<T>(static_cast<detail::TaskState<T>&>(inner_.state()));
    }

private:
    Task<T> inner_;
};

/// Protects `awaitable` (what gather takes) from the cancellation of who awaits it: it runs as a
/// task, which goes on when the awaiting task is cancelled; that gets its CancelledError at once.
/// Yields the task's result, or throws what ended it, a CancelledError too. Python's
/// asyncio.shield. RuntimeError when no loop runs on this thread.
template <detail::Startable A> Shield<detail::StartableValue<A>> shield(A&& awaitable) {
    return Shield<detail::StartableValue<A>>(detail::ensure_task(std::forward<A>(awaitable)));
}

} // namespace hocket
