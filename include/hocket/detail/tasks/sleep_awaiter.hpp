#pragma once

#include <coroutine>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/engine/timer.hpp>

namespace hocket::detail {

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
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "sleep"}; }

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

} // namespace hocket::detail
