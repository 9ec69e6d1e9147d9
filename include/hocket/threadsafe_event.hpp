#pragma once

#include <chrono>
#include <optional>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/sync/threadsafe_wait.hpp>
#include <hocket/detail/sync/threadsafe_wait_queue.hpp>

namespace hocket {

/// A flag that tasks of any loop and threads wait for: Python's threading.Event and asyncio.Event
/// in one. Any thread.
///
///     hocket::ThreadsafeEvent ready;
///     ready.set();                              // anywhere
///     co_await ready.wait();                    // in a task
///     const bool set = ready.wait_blocking(5s); // in a thread
///
/// Must outlive those that wait; tasks that still wait as it is destroyed do so until they are
/// cancelled. Who was woken may destroy it at once, even while `set` has not returned.
class ThreadsafeEvent {
public:
    ThreadsafeEvent() noexcept = default;
    ThreadsafeEvent(const ThreadsafeEvent&) = delete;
    ThreadsafeEvent& operator=(const ThreadsafeEvent&) = delete;

    [[nodiscard]] bool is_set() const noexcept { return line_.count_free() != 0; }
    /// Sets the flag and wakes all that wait, in the order in which they came.
    void set() noexcept {
        const std::scoped_lock lock(lock_);
        line_.open();
    }
    /// Clears the flag: waiting waits again. Who was woken by `set` before stays so.
    void clear() noexcept {
        const std::scoped_lock lock(lock_);
        line_.close();
    }

    /// `co_await event.wait()`: waits until the flag is set; always true. Does not suspend when it
    /// is set already. Converts to Coro<bool>.
    [[nodiscard]] detail::ThreadsafeWait<bool> wait() noexcept {
        return detail::ThreadsafeWait<bool>(line_, "ThreadsafeEvent");
    }

    /// Blocks the thread until the flag is set; always true. On a thread that runs a loop, this
    /// stops the loop's tasks meanwhile: `co_await` there.
    bool wait_blocking() { return wait_until({}); }
    /// As above, but for no longer than `timeout` (not at all when it is not positive). Returns
    /// whether the flag was set.
    template <class Rep, class Period>
    bool wait_blocking(std::chrono::duration<Rep, Period> timeout) {
        return wait_until(detail::deadline_after(timeout));
    }

private:
    bool wait_until(std::optional<std::chrono::steady_clock::time_point> deadline) {
        return detail::claim_blocking(line_, deadline) != detail::ThreadsafeWaiter::State::waiting;
    }

    detail::SpinLock lock_;
    detail::ThreadsafeWaitQueue line_{lock_, 0};
};

} // namespace hocket
