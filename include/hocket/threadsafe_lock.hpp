#pragma once

#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/threadsafe_permits.hpp>

namespace hocket {

/// A mutex for both threads and the tasks of any loop: Python's threading.Lock and asyncio.Lock in
/// one. It is not owned: any task or thread may release it, and one that acquires it twice
/// deadlocks. It is fair: on release, the lock passes immediately to the task or thread that has
/// waited longest, and no other can take it in between. May be used from any thread.
///
///     hocket::ThreadsafeLock lock;
///     {
///         auto guard = co_await lock.scoped(); // in a task
///     }
///     {
///         auto guard = lock.scoped_blocking(); // in a thread
///     }
///
/// A task may hold it across a `co_await`, which a std::mutex does not allow. The lock must outlive
/// its waiters: tasks still waiting when it is destroyed stay suspended until they are cancelled.
class ThreadsafeLock : public detail::ThreadsafePermits {
public:
    using Guard = detail::Guard<ThreadsafeLock>;

    ThreadsafeLock() noexcept : ThreadsafePermits(1, "ThreadsafeLock") {}

    /// `auto guard = co_await lock.scoped()`: acquires the lock, and releases it when `guard` goes
    /// out of scope.
    [[nodiscard]] detail::Scoped<ThreadsafeLock> scoped() noexcept {
        return detail::Scoped<ThreadsafeLock>(*this);
    }
    /// Like `scoped`, but blocks the thread; see acquire_blocking.
    [[nodiscard]] Guard scoped_blocking() {
        acquire_blocking();
        return Guard(*this);
    }

    /// Releases the lock, or passes it to the task or thread that has waited longest. Throws
    /// RuntimeError if the lock is not locked.
    void release();
};

} // namespace hocket
