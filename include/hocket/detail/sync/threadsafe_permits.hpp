#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/sync/threadsafe_wait.hpp>
#include <hocket/detail/sync/threadsafe_wait_queue.hpp>

namespace hocket::detail {

/// What ThreadsafeLock and ThreadsafeSemaphore have in common: permits, which tasks and threads
/// acquire. Any thread.
class ThreadsafePermits {
public:
    ThreadsafePermits(const ThreadsafePermits&) = delete;
    ThreadsafePermits& operator=(const ThreadsafePermits&) = delete;

    /// Whether acquiring would wait.
    [[nodiscard]] bool locked() const noexcept { return waiters_.count_free() == 0; }

    /// `co_await x.acquire()`: waits for its turn; always true. Cancelling a task that waits, also
    /// one whose turn has just come, leaves its turn to the next. Converts to Coro<bool>.
    [[nodiscard]] ThreadsafeWait<bool> acquire() noexcept {
        return ThreadsafeWait<bool>(waiters_, name_);
    }

    /// Acquires when that is possible at once. Returns whether it did.
    [[nodiscard]] bool try_acquire() noexcept { return waiters_.try_claim(); }

    /// Blocks the thread until it is its turn; always true. On a thread that runs a loop, this
    /// stops the loop's tasks meanwhile (for ever, if it is one of them that would release):
    /// `co_await` there.
    bool acquire_blocking() { return acquire_until({}); }
    /// As above, but for no longer than `timeout` (not at all when it is not positive). Returns
    /// whether it acquired.
    template <class Rep, class Period>
    [[nodiscard]] bool acquire_blocking(std::chrono::duration<Rep, Period> timeout) {
        return acquire_until(deadline_after(timeout));
    }

protected:
    ThreadsafePermits(std::size_t permits, const char* name) noexcept
        : waiters_(lock_, permits), name_(name) {}
    ~ThreadsafePermits() = default;

    bool acquire_until(std::optional<std::chrono::steady_clock::time_point> deadline) {
        return claim_blocking(waiters_, deadline) == ThreadsafeWaiter::State::granted;
    }

    SpinLock lock_;
    ThreadsafeWaitQueue waiters_;
    const char* name_;
};

} // namespace hocket::detail
