#pragma once

#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

namespace detail {
class LockAcquire;
class ConditionWait;
} // namespace detail

/// Python's asyncio.Lock: one task at a time. Not owned by a task: any may release it, and a task
/// that acquires it twice waits for itself. First come, first served: a released lock goes to
/// whoever waits longest, and nobody gets in between.
///
///     hocket::Lock lock;
///     auto guard = co_await lock.scoped(); // async with lock:
///
/// For the tasks of one loop. Must outlive those that wait; who still waits as it is destroyed does
/// so until it is cancelled.
class Lock {
public:
    Lock() noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    /// Whether a task holds the lock. False between a release and the resuming of the task that
    /// gets it.
    [[nodiscard]] bool locked() const noexcept { return locked_; }

    /// `co_await lock.acquire()`: waits until the lock is free and takes it; always true.
    /// Cancelling a task that waits leaves the lock to the next. Throws RuntimeError when tasks of
    /// another loop waited for this lock before. Converts to Coro<bool>.
    [[nodiscard]] detail::LockAcquire acquire() noexcept;

    /// `auto guard = co_await lock.scoped()`: acquires, and releases as `guard` goes out of scope.
    [[nodiscard]] detail::Scoped<Lock, detail::LockAcquire> scoped() noexcept;

    /// Lets go of the lock; the task that waits longest gets it, in the next turn. Throws
    /// RuntimeError when it is not locked.
    void release() {
        if (!locked_) [[unlikely]] {
            throw_not_acquired("release");
        }
        line_.require_own_thread("Lock");
        locked_ = false;
        if (line_.has_waiting()) {
            line_.grant_first();
        }
    }

private:
    friend detail::LockAcquire;
    friend detail::ConditionWait;
    friend class Condition;
    [[noreturn]] static void throw_not_acquired(const char* what);

    [[nodiscard]] bool try_acquire() noexcept {
        // Between a release and the next holder's resuming, the line is not empty.
        if (locked_ || !line_.empty()) {
            return false;
        }
        return locked_ = true;
    }
    /// A task that was granted the lock resumes but cannot have it.
    void decline(detail::Waiter& waiter) noexcept {
        line_.remove(waiter);
        if (line_.has_waiting()) {
            line_.grant_first();
        }
    }
    /// Adds a suspended task to the line, and wakes it if the lock is free.
    void enqueue(detail::Waiter& waiter) noexcept {
        const bool free = !locked_ && line_.empty();
        line_.add(waiter);
        if (free) {
            line_.grant_first();
        }
    }

    detail::WaitQueue line_;
    bool locked_ = false;
};

namespace detail {

class [[nodiscard]] LockAcquire {
public:
    using hocket_awaitable = void;
    using value_type = bool;

    explicit LockAcquire(Lock& lock) noexcept : lock_(lock) {}
    operator Coro<bool>() const; // NOLINT(google-explicit-constructor): Python's is a coroutine

    bool await_ready() const noexcept { return lock_.try_acquire(); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(lock_.line_, caller, "Lock");
    }
    bool await_resume() {
        if (waiter_) {
            take_over();
        }
        return true;
    }

private:
    void take_over() {
        if (waiter_->task().take_cancellation()) [[unlikely]] {
            if (waiter_->state() == Waiter::State::granted) {
                lock_.decline(*waiter_);
            }
            waiter_->task().throw_cancelled();
        }
        if (waiter_->state() == Waiter::State::orphaned) [[unlikely]] {
            Waiter::throw_orphaned("Lock");
        }
        lock_.line_.remove(*waiter_);
        lock_.locked_ = true;
    }

    Lock& lock_;
    LazyWaiter<> waiter_;
};

} // namespace detail

inline detail::LockAcquire Lock::acquire() noexcept { return detail::LockAcquire(*this); }

inline detail::Scoped<Lock, detail::LockAcquire> Lock::scoped() noexcept {
    return detail::Scoped<Lock, detail::LockAcquire>(*this);
}

} // namespace hocket
