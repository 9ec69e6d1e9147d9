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
/// What Condition::wait_for yields.
template <class F> using PredicateValue = std::decay_t<std::invoke_result_t<std::decay_t<F>&>>;
class ConditionWait;
} // namespace detail

/// Python's asyncio.Condition: a lock, plus a way to release it and wait until another task signals
/// a change.
///
///     hocket::Condition condition;
///     std::vector<int> items;
///     auto guard = co_await condition.scoped(); // async with condition:
///     co_await condition.wait_for([&] { return !items.empty(); });
///     items.pop_back(); // the lock is held again
///
/// For the tasks of one loop. The condition, and the lock passed to it, must outlive all waiting
/// tasks.
class Condition {
public:
    /// Creates a condition with its own lock.
    Condition() noexcept : lock_(own_lock_) {}
    /// Uses `lock`, which may be shared with other conditions and must outlive this one.
    explicit Condition(Lock& lock) noexcept : lock_(lock) {}
    Condition(const Condition&) = delete;
    Condition& operator=(const Condition&) = delete;

    /// These call the function of the same name on the lock.
    [[nodiscard]] bool locked() const noexcept { return lock_.locked(); }
    [[nodiscard]] detail::Acquire<Lock> acquire() noexcept { return lock_.acquire(); }
    [[nodiscard]] detail::Scoped<Lock> scoped() noexcept { return lock_.scoped(); }
    void release() { lock_.release(); }

    /// `co_await condition.wait()`: releases the lock, waits for a notification, and acquires the
    /// lock again. Always returns true. If the task is cancelled, it first reacquires the lock,
    /// even when it is cancelled again in the meantime, and then throws CancelledError while
    /// holding the lock. A notification that the cancelled task had received is passed on to the
    /// next waiter. Throws RuntimeError if the lock is not locked. Converts to Coro<bool>.
    [[nodiscard]] detail::ConditionWait wait() noexcept;

    /// Waits until `predicate()` is true and returns its value. The predicate is called with the
    /// lock held, once immediately and again after each notification.
    template <class Predicate>
    auto wait_for(Predicate&& predicate)
        -> detail::MadeOf<Coro<detail::PredicateValue<Predicate>>, Predicate>;

    /// Wakes the `n` tasks that have waited longest. They resume one at a time, as each acquires
    /// the lock. Throws RuntimeError if the lock is not locked.
    void notify(std::size_t n = 1);
    void notify_all() { notify(std::numeric_limits<std::size_t>::max()); }

private:
    friend detail::ConditionWait;
    template <class T, class Predicate> Coro<T> wait_until(Predicate predicate);
    void move_to_lock(std::size_t n) noexcept;
    [[noreturn]] static void throw_unlocked(const char* what);

    detail::WaitQueue waiters_;
    Lock own_lock_;
    Lock& lock_;
};

namespace detail {

/// Waits in the condition's queue. A notification or cancel() moves it to the lock's queue, so that
/// the task is woken only once, already holding the lock.
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
        lock_.waiters_.bind(caller.promise().task->loop(), "Lock");
        wait_in(condition_.waiters_, caller, "Condition");
        lock_.release();
    }
    bool await_resume();

    bool cancel(std::string_view message) noexcept override;
    [[nodiscard]] WaitReason reason() const noexcept override {
        return at_lock_ && state() != State::orphaned ? Lock::wait_reason(queue())
                                                      : WaitReason{.what = "Condition"};
    }

private:
    friend class hocket::Condition;

    Condition& condition_;
    Lock& lock_;
    bool at_lock_ = false; // moved to the lock's queue
    bool notified_ = false;
    bool cancelled_ = false;
};

} // namespace detail

inline detail::ConditionWait Condition::wait() noexcept { return detail::ConditionWait(*this); }

template <class Predicate>
auto Condition::wait_for(Predicate&& predicate)
    -> detail::MadeOf<Coro<detail::PredicateValue<Predicate>>, Predicate> {
    return wait_until<detail::PredicateValue<Predicate>, std::decay_t<Predicate>>(
        std::forward<Predicate>(predicate));
}

template <class T, class Predicate> Coro<T> Condition::wait_until(Predicate predicate) {
    T result = predicate();
    while (!result) {
        co_await wait();
        result = predicate();
    }
    co_return result;
}

} // namespace hocket
