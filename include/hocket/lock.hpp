#pragma once

#include <hocket/detail/sync/acquire.hpp>
#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

namespace detail {
class ConditionWait;
} // namespace detail

/// Python's asyncio.Lock: a mutex for tasks. It is not owned by a task: any task may release it,
/// and a task that acquires it twice deadlocks. It is fair: a released lock goes to the task that
/// has waited longest, and no other task can take it in between.
///
///     hocket::Lock lock;
///     auto guard = co_await lock.scoped(); // async with lock:
///
/// For the tasks of one loop. The lock must outlive its waiters: tasks still waiting when it is
/// destroyed stay suspended until they are cancelled.
class Lock {
public:
    Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// Whether a task holds the lock. Between a release and the moment the next task resumes with
    /// the lock, this is false.
    [[nodiscard]] bool locked() const noexcept { return locked_; }

    /// `co_await lock.acquire()`: waits until the lock is free and takes it. Always returns true.
    /// If a waiting task is cancelled, the lock goes to the next one. Throws RuntimeError if tasks
    /// of another loop have waited for this lock before. Converts to Coro<bool>.
    [[nodiscard]] detail::Acquire<Lock> acquire() noexcept { return detail::Acquire<Lock>(*this); }

    /// `auto guard = co_await lock.scoped()`: acquires the lock, and releases it when `guard` goes
    /// out of scope.
    [[nodiscard]] detail::Scoped<Lock> scoped() noexcept { return detail::Scoped<Lock>(*this); }

    /// Releases the lock; the task that has waited longest gets it, in the next turn. Throws
    /// RuntimeError if the lock is not locked.
    void release() {
        if (!locked_) [[unlikely]] {
            throw_not_acquired("release");
        }
        waiters_.require_own_thread(type_name);
        locked_ = false;
        if (waiters_.has_waiting()) {
            waiters_.grant_first();
        }
    }

private:
    friend detail::Acquire<Lock>;
    friend detail::AcquireWaiter<Lock>;
    friend detail::ConditionWait;
    friend class Condition;
    static constexpr const char* type_name = "Lock";
    [[noreturn]] static void throw_not_acquired(const char* what);

    [[nodiscard]] static detail::WaitReason wait_reason(const detail::WaitQueue& queue) noexcept {
        return {.what = type_name, .task = static_cast<const detail::LockQueue&>(queue).holder};
    }
    [[nodiscard]] bool try_acquire(std::uint64_t task_id) noexcept {
        // Between a release and the moment the next holder resumes, the queue is not empty.
        if (locked_ || !waiters_.empty()) {
            return false;
        }
        waiters_.holder = task_id;
        return locked_ = true;
    }
    /// Called when a task that was granted the lock resumes.
    void accept(detail::Waiter& waiter) noexcept {
        waiters_.remove(waiter);
        waiters_.holder = waiter.task().id();
        locked_ = true;
    }
    /// The same when the task was cancelled before it resumed.
    void decline(detail::Waiter& waiter) noexcept {
        waiters_.remove(waiter);
        if (waiters_.has_waiting()) {
            waiters_.grant_first();
        }
    }
    /// Adds a suspended task to the queue, and wakes it if the lock is free.
    void enqueue(detail::Waiter& waiter) noexcept {
        const bool free = !locked_ && waiters_.empty();
        waiters_.add(waiter);
        if (free) {
            waiters_.grant_first();
        }
    }

    detail::LockQueue waiters_;
    bool locked_ = false;
};

} // namespace hocket
