#pragma once

#include <cstddef>

#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/threadsafe_permits.hpp>

namespace hocket {

/// Limits how many tasks of any loop and threads together run a section at a time: Python's
/// threading.Semaphore and asyncio.Semaphore in one. Waiters are served in order of arrival. May be
/// used from any thread.
///
///     hocket::ThreadsafeSemaphore slots(32);
///     {
///         auto slot = co_await slots.scoped(); // in a task
///     }
///     {
///         auto slot = slots.scoped_blocking(); // in a thread
///     }
///
/// The semaphore must outlive its waiters: tasks still waiting when it is destroyed stay suspended
/// until they are cancelled.
class ThreadsafeSemaphore : public detail::ThreadsafePermits {
public:
    using Guard = detail::Guard<ThreadsafeSemaphore>;

    /// Throws ValueError if `value` is negative.
    explicit ThreadsafeSemaphore(std::ptrdiff_t value = 1);

    /// `auto guard = co_await semaphore.scoped()`: acquires, and releases when `guard` goes out of
    /// scope.
    [[nodiscard]] detail::Scoped<ThreadsafeSemaphore> scoped() noexcept {
        return detail::Scoped<ThreadsafeSemaphore>(*this);
    }
    /// Like `scoped`, but blocks the thread; see acquire_blocking.
    [[nodiscard]] Guard scoped_blocking() {
        acquire_blocking();
        return Guard(*this);
    }

    /// Adds `n` to the counter, or passes the permits to the waiters that have waited longest.
    /// Throws ValueError if `n` is not positive, or if a ThreadsafeBoundedSemaphore would exceed
    /// its initial value.
    void release(std::ptrdiff_t n = 1);

protected:
    ThreadsafeSemaphore(std::ptrdiff_t value, std::size_t bound, const char* name);

private:
    std::size_t bound_;
};

/// A ThreadsafeSemaphore whose `release` throws ValueError instead of exceeding the initial value.
class ThreadsafeBoundedSemaphore : public ThreadsafeSemaphore {
public:
    /// Throws ValueError if `value` is negative.
    explicit ThreadsafeBoundedSemaphore(std::ptrdiff_t value = 1)
        : ThreadsafeSemaphore(value, static_cast<std::size_t>(value),
                              "ThreadsafeBoundedSemaphore") {}
};

} // namespace hocket
