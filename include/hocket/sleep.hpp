#pragma once

#include <chrono>
#include <coroutine>
#include <string_view>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/engine/timer.hpp>

namespace hocket {

namespace detail {

/// Suspends the awaiting task until a timer expires.
class SleepAwaiter final : public engine::Timer {
public:
    /// A delay of zero or less suspends for one turn of the loop.
    explicit SleepAwaiter(engine::Nanoseconds delay) noexcept : Timer(delay) {}

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        if (deadline() <= 0) {
            task_->yield(caller.promise());
        } else {
            arm();
            task_->suspend(caller.promise(), *this);
        }
    }
    void await_resume() { task_->throw_if_cancelled(); }

private:
    void expire() noexcept override { task_->wake(); }
    bool cancel(std::string_view message) noexcept override;
    void arm(); // for deadline() nanoseconds from now

    TaskBase* task_ = nullptr;
};

/// Returned by sleep(). It can be awaited directly, without a coroutine frame, and converts to
/// Coro<>.
class [[nodiscard]] Sleep {
public:
    using hocket_awaitable = void;
    using value_type = void;

    explicit Sleep(engine::Nanoseconds delay) noexcept : delay_(delay) {}
    operator Coro<void>()
        const; // NOLINT(google-explicit-constructor): Python's sleep() is a coroutine
    SleepAwaiter operator co_await() const noexcept { return SleepAwaiter(delay_); }

private:
    engine::Nanoseconds delay_;
};

Coro<void> sleep_coro(engine::Nanoseconds delay);

template <class T> Coro<T> sleep_with_result(engine::Nanoseconds delay, T result) {
    co_await Sleep(delay);
    co_return result;
}

} // namespace detail

/// Suspends the task for `delay`. If it is zero or negative, suspends for one turn of the loop, in
/// which everything else that is ready runs. Cancelling the task ends the sleep at once with
/// CancelledError. Converts to Coro<>. Throws ValueError if `delay` is NaN.
template <class Rep, class Period> detail::Sleep sleep(std::chrono::duration<Rep, Period> delay) {
    return detail::Sleep(detail::to_nanoseconds(delay).count());
}

/// The same, but returns `result` afterwards.
template <class Rep, class Period, class T>
Coro<T> sleep(std::chrono::duration<Rep, Period> delay, T result) {
    return detail::sleep_with_result(detail::to_nanoseconds(delay).count(), std::move(result));
}

/// Suspends the task until `when` on the loop's clock; for one turn if that has passed.
Coro<> sleep_until(std::chrono::steady_clock::time_point when);

} // namespace hocket
