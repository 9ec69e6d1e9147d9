#pragma once

#include <chrono>
#include <optional>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/sync/threadsafe_wait.hpp>
#include <hocket/detail/sync/threadsafe_wait_queue.hpp>

namespace hocket {

/// A flag that both threads and the tasks of any loop can wait for: Python's threading.Event and
/// asyncio.Event in one. May be used from any thread.
///
///     hocket::ThreadsafeEvent ready;
///     ready.set();                              // anywhere
///     co_await ready.wait();                    // in a task
///     const bool set = ready.wait_blocking(5s); // in a thread
///
/// The event must outlive its waiters: tasks still waiting when it is destroyed stay suspended
/// until they are cancelled. A waiter that was woken may destroy the event at once, even before
/// `set` has returned.
class ThreadsafeEvent {
public:
    ThreadsafeEvent() noexcept = default;
    ThreadsafeEvent(const ThreadsafeEvent&) = delete;
    ThreadsafeEvent& operator=(const ThreadsafeEvent&) = delete;

    [[nodiscard]] bool is_set() const noexcept { return waiters_.count_free() != 0; }
    /// Sets the flag and wakes all waiters, in the order in which they started waiting.
    void set() noexcept {
        const std::scoped_lock lock(lock_);
        waiters_.open();
    }
    /// Clears the flag; later waits block. Waiters already woken by `set` are unaffected.
    void clear() noexcept {
        const std::scoped_lock lock(lock_);
        waiters_.close();
    }

    /// `co_await event.wait()`: waits until the flag is set. Always returns true. Does not suspend
    /// if the flag is set already. Converts to Coro<bool>.
    [[nodiscard]] detail::ThreadsafeWait<bool> wait() noexcept {
        return detail::ThreadsafeWait<bool>(waiters_, "ThreadsafeEvent");
    }

    /// Blocks the thread until the flag is set. Always returns true. On a thread that runs a loop,
    /// this blocks all tasks of the loop: use `co_await` there.
    bool wait_blocking() { return wait_until({}); }
    /// The same, but blocks for at most `timeout` (not at all if it is zero or negative). Returns
    /// whether the flag was set.
    template <class Rep, class Period>
    bool wait_blocking(std::chrono::duration<Rep, Period> timeout) {
        return wait_until(detail::deadline_after(timeout));
    }

private:
    bool wait_until(std::optional<std::chrono::steady_clock::time_point> deadline) {
        return detail::claim_blocking(waiters_, deadline) !=
               detail::ThreadsafeWaiter::State::waiting;
    }

    detail::SpinLock lock_;
    detail::ThreadsafeWaitQueue waiters_{lock_, 0};
};

} // namespace hocket
