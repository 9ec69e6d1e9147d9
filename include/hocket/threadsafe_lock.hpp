#pragma once

#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/threadsafe_permits.hpp>

namespace hocket {

/// A lock that tasks of any loop and threads take in turns: Python's threading.Lock and
/// asyncio.Lock in one. Not owned: whoever likes may release it, and who acquires it twice waits
/// for itself. First come, first served: a released lock belongs to who waits longest from that
/// moment, task or thread, and nobody gets in between. Any thread.
///
///     hocket::ThreadsafeLock lock;
///     {
///         auto guard = co_await lock.scoped(); // in a task
///     }
///     {
///         auto guard = lock.scoped_blocking(); // in a thread
///     }
///
/// A task may hold it across a `co_await`, which a std::mutex does not allow. Must outlive those
/// that wait; tasks that still wait as it is destroyed do so until they are cancelled.
class ThreadsafeLock : public detail::ThreadsafePermits {
public:
    using Guard = detail::Guard<ThreadsafeLock>;

    ThreadsafeLock() noexcept : ThreadsafePermits(1, "ThreadsafeLock") {}

    /// `auto guard = co_await lock.scoped()`: acquires, and releases as `guard` goes out of scope.
    [[nodiscard]] detail::Scoped<ThreadsafeLock, detail::ThreadsafeWait<bool>> scoped() noexcept {
        return detail::Scoped<ThreadsafeLock, detail::ThreadsafeWait<bool>>(*this);
    }
    /// As `scoped`, but blocks the thread; see acquire_blocking.
    [[nodiscard]] Guard scoped_blocking() {
        acquire_blocking();
        return Guard(*this);
    }

    /// Lets go of the lock, or hands it to who waits longest. Throws RuntimeError when it is not
    /// locked.
    void release();
};

} // namespace hocket
