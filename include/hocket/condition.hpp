#pragma once

#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/lock.hpp>

namespace hocket {

namespace detail {
class ConditionWait;
} // namespace detail

/// Python's asyncio.Condition: a lock, and a way to wait, without holding it, until another task
/// says that something changed.
///
///     hocket::Condition condition;
///     std::vector<int> items;
///     auto guard = co_await condition.scoped(); // async with condition:
///     co_await condition.wait_for([&] { return !items.empty(); });
///     items.pop_back(); // the lock is held again
///
/// For the tasks of one loop. Must outlive those that wait, like the lock it was given.
class Condition {
public:
    /// With a lock of its own.
    Condition() noexcept : lock_(own_lock_) {}
    /// Shares `lock` with others, which must outlive the condition.
    explicit Condition(Lock& lock) noexcept : lock_(lock) {}
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// The lock's functions.
    [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }
    [[nodiscard]] detail::LockAcquire acquire() noexcept { return lock_.acquire(); }
    [[nodiscard]] detail::Scoped<Lock, detail::LockAcquire> scoped() noexcept {
        return lock_.scoped();
    }
    void release() { lock_.release(); }

    /// `co_await condition.wait()`: releases the lock, waits for a notification, acquires the lock
    /// again; always true. When the task is cancelled it still waits for the lock, through further
    /// cancellations, and throws CancelledError holding it; a notification it had is passed to the
    /// next. Throws RuntimeError when the lock is not locked. Converts to Coro<bool>.
    [[nodiscard]] detail::ConditionWait wait() noexcept;

    /// Waits until `predicate()` is true; returns its value. It is called with the lock held: at
    /// once, and after each notification.
    template <class Predicate>
    Coro<std::decay_t<std::invoke_result_t<Predicate&>>> wait_for(Predicate predicate);

    /// Wakes the `n` tasks that wait longest; they go on one by one as they get the lock. Throws
    /// RuntimeError when the lock is not locked.
    void notify(std::size_t n = 1);
    void notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

private:
    friend detail::ConditionWait;
    void move_to_lock(std::size_t n) noexcept;
    [[noreturn]] static void throw_unlocked(const char* what);

    detail::WaitQueue line_;
    Lock own_lock_;
    Lock& lock_;
};

namespace detail {

/// Waits in the condition's line; a notification or cancel() moves it to the lock's line, so that
/// the task is woken once, with the lock.
class [[nodiscard]] ConditionWait final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = bool;

    explicit ConditionWait(Condition& condition) noexcept
        : condition_(condition), lock_(condition.lock_) {}
    operator Coro<bool>() const; // NOLINT(google-explicit-constructor): Python's is a coroutine

    bool await_ready() const {
        if (!lock_.locked()) [[unlikely]] {
            Condition::throw_unlocked("wait on");
        }
        return false;
    }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        lock_.line_.bind(caller.promise().task->loop(), "Lock");
        wait_in(condition_.line_, caller, "Condition");
        lock_.release();
    }
    bool await_resume();

    bool cancel(std::string_view message) noexcept override;

private:
    friend class hocket::Condition;

    Condition& condition_;
    Lock& lock_;
    bool at_lock_ = false; // moved to the lock's line
    bool notified_ = false;
    bool cancelled_ = false;
};

} // namespace detail

inline detail::ConditionWait Condition::wait() noexcept { return detail::ConditionWait(*this); }

template <class Predicate>
Coro<std::decay_t<std::invoke_result_t<Predicate&>>> Condition::wait_for(Predicate predicate) {
    auto result = predicate();
    while (!result) {
        co_await wait();
        result = predicate();
    }
    co_return result;
}

} // namespace hocket
