#pragma once

#include <utility>

#include <hocket/detail/loop/ensure_task.hpp>
#include <hocket/detail/tasks/shield_awaiter.hpp>

namespace hocket {

/// Returned by shield(); may be awaited any number of times.
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

/// Protects `awaitable` (anything gather accepts) from cancellation of the task that awaits it. It
/// runs as a task, which continues when the awaiting task is cancelled; the awaiting task throws
/// CancelledError at once. Returns the task's result, or throws its exception, including
/// CancelledError. Python's asyncio.shield. Throws RuntimeError if no loop is running on this
/// thread.
template <detail::Startable A>
detail::MadeOf<Shield<detail::StartableValue<A>>, A> shield(A&& awaitable) {
    return Shield<detail::StartableValue<A>>(detail::ensure_task(std::forward<A>(awaitable)));
}

} // namespace hocket
