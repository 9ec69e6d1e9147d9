#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/loop/task_state.hpp>
#include <hocket/detail/tasks/scoped_body.hpp>
#include <hocket/handle.hpp>

namespace hocket {

/// The deadline of a `with_timeout`: Python's asyncio.Timeout. Use it only in the task that runs
/// under it.
class Timeout {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// The deadline, on the loop's clock; empty if there is none.
    [[nodiscard]] std::optional<TimePoint> when() const noexcept { return when_; }
    /// Changes the deadline. Empty removes it; a time in the past expires in the loop's next turn.
    /// Throws RuntimeError if the timeout has expired already.
    void reschedule(std::optional<TimePoint> when);
    /// Whether the deadline passed before the body ended.
    [[nodiscard]] bool expired() const noexcept {
        return state_ == State::expiring || state_ == State::expired;
    }

    // The rest is internal.

    /// Applies to the running task. Throws RuntimeError outside of a task.
    explicit Timeout(std::optional<TimePoint> when);
    explicit Timeout(std::chrono::nanoseconds delay);
    /// Called when the body has ended; with a value, unless `leave_with_exception` was called.
    ~Timeout();
    Timeout(const Timeout&) = delete;
    Timeout& operator=(const Timeout&) = delete;

    /// Call this while handling the exception that ended the body. Throws TimeoutError if that is a
    /// CancelledError caused by this timeout alone.
    void leave_with_exception();

private:
    enum class State : unsigned char { active, expiring, expired, finished };

    void expire();
    /// Returns whether no cancellation requests are left except those from before this timeout.
    bool leave() noexcept;

    State state_ = State::active;
    detail::TaskBase& task_;
    int cancelling_; // the task's cancellation requests before this timeout
    TimePoint entered_;
    std::optional<TimePoint> when_;
    Handle handle_;
};

namespace detail {

template <class F>
concept TimeoutBody = CoroFunction<F> || ScopedBody<F, Timeout>;

template <class F> struct TimeoutBodyValue {
    using type = CoroValue<F>;
};
template <class F> requires ScopedBody<F, Timeout> struct TimeoutBodyValue<F> {
    using type = ScopedBodyValue<F, Timeout>;
};

template <class T, class F, class Limit> Coro<T> run_with_timeout(Limit limit, F body) {
    Timeout timeout(limit);
    try {
        if constexpr (ScopedBody<F, Timeout>) {
            co_return co_await body(timeout);
        } else {
            co_return co_await body();
        }
    } catch (...) {
        timeout.leave_with_exception();
        throw;
    }
}

} // namespace detail

/// Awaits the Coro returned by `body()` or `body(Timeout&)` and returns its value: Python's
/// `async with asyncio.timeout(delay)`. When `delay` has passed, counted from the await, the
/// running task is cancelled inside the body, and the CancelledError that leaves the body becomes a
/// TimeoutError. If the task was also cancelled by someone else, the CancelledError is passed on
/// instead. The callable is kept alive until its coroutine has ended.
template <class Rep, class Period, detail::TimeoutBody F>
auto with_timeout(std::chrono::duration<Rep, Period> delay, F&& body)
    -> detail::MadeOf<Coro<typename detail::TimeoutBodyValue<F>::type>, F> {
    return detail::run_with_timeout<typename detail::TimeoutBodyValue<F>::type, std::decay_t<F>>(
        detail::to_nanoseconds(delay), std::forward<F>(body));
}
/// Like with_timeout, but with a deadline on the loop's clock (empty: none): Python's
/// asyncio.timeout_at.
template <detail::TimeoutBody F>
auto with_timeout_at(std::optional<std::chrono::steady_clock::time_point> when, F&& body)
    -> detail::MadeOf<Coro<typename detail::TimeoutBodyValue<F>::type>, F> {
    return detail::run_with_timeout<typename detail::TimeoutBodyValue<F>::type, std::decay_t<F>>(
        when, std::forward<F>(body));
}
/// Like with_timeout, but without a deadline until the body sets one with `Timeout::reschedule`.
template <detail::TimeoutBody F>
auto with_timeout(std::nullopt_t, F&& body)
    -> detail::MadeOf<Coro<typename detail::TimeoutBodyValue<F>::type>, F> {
    return with_timeout_at(std::nullopt, std::forward<F>(body));
}

} // namespace hocket
