#pragma once

#include <cstddef>
#include <limits>

#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

namespace detail {
class SemaphoreAcquire;
} // namespace detail

/// Python's asyncio.Semaphore: limits how many tasks run a section at a time. Waiters are served in
/// order of arrival.
///
///     hocket::Semaphore slots(32);
///     auto slot = co_await slots.scoped(); // async with slots:
///
/// For the tasks of one loop. The semaphore must outlive its waiters: tasks still waiting when it
/// is destroyed stay suspended until they are cancelled.
class Semaphore {
public:
    /// Throws ValueError if `value` is negative.
    explicit Semaphore(std::ptrdiff_t value = 1)
        : Semaphore(value, std::numeric_limits<std::ptrdiff_t>::max()) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Whether `acquire` would wait.
    [[nodiscard]] bool locked() const noexcept { return value_ == 0 || !waiters_.empty(); }

    /// `co_await semaphore.acquire()`: waits until the counter is above zero, then decrements it.
    /// Always returns true. If a waiting task is cancelled, its turn passes to the next one. Throws
    /// RuntimeError if tasks of another loop have waited for this semaphore before. Converts to
    /// Coro<bool>.
    [[nodiscard]] detail::SemaphoreAcquire acquire() noexcept;

    /// `auto guard = co_await semaphore.scoped()`: acquires, and releases when `guard` goes out of
    /// scope.
    [[nodiscard]] detail::Scoped<Semaphore, detail::SemaphoreAcquire> scoped() noexcept;

    /// Increments the counter, or passes the permit to the task that has waited longest. Throws
    /// ValueError if a BoundedSemaphore already has its initial value.
    void release() {
        if (value_ >= bound_) [[unlikely]] {
            throw_released_too_often();
        }
        waiters_.require_own_thread("Semaphore");
        ++value_;
        if (waiters_.has_waiting()) {
            grant_next();
        }
    }

protected:
    Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound);

private:
    friend detail::SemaphoreAcquire;
    [[noreturn]] void throw_released_too_often() const;

    void grant_next() noexcept {
        --value_;
        waiters_.grant_first();
    }
    /// Called when a task that was granted a permit resumes. In the meantime others may have queued
    /// although permits were free, so as not to overtake it; they get theirs now.
    void resume(detail::Waiter& waiter) noexcept {
        waiters_.remove(waiter);
        while (value_ > 0 && waiters_.has_waiting()) {
            grant_next();
        }
    }

    detail::WaitQueue waiters_;
    std::ptrdiff_t value_;
    std::ptrdiff_t bound_;
};

/// A Semaphore whose `release` throws ValueError instead of exceeding the initial value.
class BoundedSemaphore : public Semaphore {
public:
    /// Throws ValueError if `value` is negative.
    explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value, value) {}
};

namespace detail {

class [[nodiscard]] SemaphoreAcquire {
public:
    using hocket_awaitable = void;
    using value_type = bool;

    explicit SemaphoreAcquire(Semaphore& semaphore) noexcept : semaphore_(semaphore) {}
    operator Coro<bool>() const; // NOLINT(google-explicit-constructor): Python's is a coroutine

    bool await_ready() const noexcept {
        if (semaphore_.locked()) {
            return false;
        }
        --semaphore_.value_;
        return true;
    }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(semaphore_.waiters_, caller, "Semaphore");
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
                ++semaphore_.value_;
                semaphore_.resume(*waiter_);
            }
            waiter_->task().throw_cancelled();
        }
        if (waiter_->state() == Waiter::State::orphaned) [[unlikely]] {
            Waiter::throw_orphaned("Semaphore");
        }
        semaphore_.resume(*waiter_);
    }

    Semaphore& semaphore_;
    LazyWaiter<> waiter_;
};

} // namespace detail

inline detail::SemaphoreAcquire Semaphore::acquire() noexcept {
    return detail::SemaphoreAcquire(*this);
}

inline detail::Scoped<Semaphore, detail::SemaphoreAcquire> Semaphore::scoped() noexcept {
    return detail::Scoped<Semaphore, detail::SemaphoreAcquire>(*this);
}

} // namespace hocket
