#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/sync/threadsafe_wait.hpp>
#include <hocket/detail/sync/threadsafe_wait_queue.hpp>

namespace hocket::detail {

/// The common part of ThreadsafeLock and ThreadsafeSemaphore: permits that tasks and threads
/// acquire. May be used from any thread.
class ThreadsafePermits {
public:
    ThreadsafePermits(const ThreadsafePermits&) = delete;
    ThreadsafePermits& operator=(const ThreadsafePermits&) = delete;

    /// Whether acquiring would wait.
    [[nodiscard]] bool locked() const noexcept { return waiters_.count_free() == 0; }

    /// `co_await x.acquire()`: waits for its turn. Always returns true. If a waiting task is
    /// cancelled, its turn passes to the next one, even if it has just come. Converts to
    /// Coro<bool>.
    [[nodiscard]] ThreadsafeWait<bool> acquire() noexcept {
        return ThreadsafeWait<bool>(waiters_, name_);
    }

    /// Acquires if that is possible at once. Returns whether it did.
    [[nodiscard]] bool try_acquire() noexcept { return waiters_.try_claim(); }

    /// Blocks the thread until its turn comes. Always returns true. On a thread that runs a loop,
    /// use `co_await x.acquire()` instead: blocking would stop the loop's tasks meanwhile, forever
    /// if one of them is the one to release.
    bool acquire_blocking() { return acquire_until({}); }
    /// Like above, but blocks for at most `timeout` (not at all if that is not positive). Returns
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
