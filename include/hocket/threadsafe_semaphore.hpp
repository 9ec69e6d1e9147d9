#pragma once

#include <cstddef>

#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/threadsafe_permits.hpp>

namespace hocket {

/// At most so many at a time, tasks of any loop and threads together: Python's threading.Semaphore
/// and asyncio.Semaphore in one. First come, first served. Any thread.
///
///     hocket::ThreadsafeSemaphore slots(32);
///     {
///         auto slot = co_await slots.scoped(); // in a task
///     }
///     {
///         auto slot = slots.scoped_blocking(); // in a thread
///     }
///
/// Must outlive those that wait; tasks that still wait as it is destroyed do so until they are
/// cancelled.
class ThreadsafeSemaphore : public detail::ThreadsafePermits {
public:
    using Guard = detail::Guard<ThreadsafeSemaphore>;

    /// Throws ValueError if `value` is negative.
    explicit ThreadsafeSemaphore(std::ptrdiff_t value = 1);

    /// `auto guard = co_await semaphore.scoped()`: acquires, and releases as `guard` goes out of
    /// scope.
    [[nodiscard]] detail::Scoped<ThreadsafeSemaphore, detail::ThreadsafeWait<bool>>
    scoped() noexcept {
        return detail::Scoped<ThreadsafeSemaphore, detail::ThreadsafeWait<bool>>(*this);
    }
    /// As `scoped`, but blocks the thread; see acquire_blocking.
    [[nodiscard]] Guard scoped_blocking() {
        acquire_blocking();
        return Guard(*this);
    }

    /// Adds `n` to the counter, or hands the permits to those that wait longest. Throws ValueError
    /// when `n` is not positive, or a ThreadsafeBoundedSemaphore would exceed its initial value.
    void release(std::ptrdiff_t n = 1);

protected:
    ThreadsafeSemaphore(std::ptrdiff_t value, std::size_t bound, const char* name);

private:
    std::size_t bound_;
};

/// A ThreadsafeSemaphore whose `release` throws ValueError when it would exceed the initial value.
class ThreadsafeBoundedSemaphore : public ThreadsafeSemaphore {
public:
    /// Throws ValueError if `value` is negative.
    explicit ThreadsafeBoundedSemaphore(std::ptrdiff_t value = 1)
        : ThreadsafeSemaphore(value, static_cast<std::size_t>(value),
                              "ThreadsafeBoundedSemaphore") {}
};

} // namespace hocket
