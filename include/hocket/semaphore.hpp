#pragma once

#include <cstddef>
#include <limits>

#include <hocket/detail/sync/acquire.hpp>
#include <hocket/detail/sync/guard.hpp>
#include <hocket/detail/sync/waiter.hpp>

namespace hocket {

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
    [[nodiscard]] detail::Acquire<Semaphore> acquire() noexcept {
        return detail::Acquire<Semaphore>(*this);
    }

    /// `auto guard = co_await semaphore.scoped()`: acquires, and releases when `guard` goes out of
    /// scope.
    [[nodiscard]] detail::Scoped<Semaphore> scoped() noexcept {
        return detail::Scoped<Semaphore>(*this);
    }

    /// Increments the counter, or passes the permit to the task that has waited longest. Throws
    /// ValueError if a BoundedSemaphore already has its initial value.
    void release() {
        if (value_ >= bound_) [[unlikely]] {
            throw_released_too_often();
        }
        waiters_.require_own_thread(type_name);
        ++value_;
        if (waiters_.has_waiting()) {
            grant_next();
        }
    }

protected:
    Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound);

private:
    friend detail::Acquire<Semaphore>;
    friend detail::AcquireWaiter<Semaphore>;
    static constexpr const char* type_name = "Semaphore";
    [[noreturn]] void throw_released_too_often() const;

    [[nodiscard]] static detail::WaitReason wait_reason(const detail::WaitQueue&) noexcept {
        return {.what = type_name};
    }
    [[nodiscard]] bool try_acquire(std::uint64_t) noexcept {
        if (locked()) {
            return false;
        }
        --value_;
        return true;
    }
    void grant_next() noexcept {
        --value_;
        waiters_.grant_first();
    }
    /// Called when a task that was granted a permit resumes. In the meantime others may have queued
    /// although permits were free, so as not to overtake it; they get theirs now.
    void accept(detail::Waiter& waiter) noexcept {
        waiters_.remove(waiter);
        while (value_ > 0 && waiters_.has_waiting()) {
            grant_next();
        }
    }
    /// The same when the task was cancelled before it resumed.
    void decline(detail::Waiter& waiter) noexcept {
        ++value_;
        accept(waiter);
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

} // namespace hocket
