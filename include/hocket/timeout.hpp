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

/// The time limit of a `with_timeout`: Python's asyncio.Timeout. For the task that runs under it.
class Timeout {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// When the time is over, on the loop's clock; nothing: never.
    [[nodiscard]] std::optional<TimePoint> when() const noexcept { return when_; }
    /// Moves that; nothing: never; a time that is past: in the next turn of the loop. RuntimeError
    /// when the time is over already.
    void reschedule(std::optional<TimePoint> when);
    /// Whether the time was over before the body ended.
    [[nodiscard]] bool expired() const noexcept {
        return state_ == State::expiring || state_ == State::expired;
    }

    // What follows is for hocket's own templates.

    /// Limits the running task. RuntimeError outside of a task.
    explicit Timeout(std::optional<TimePoint> when);
    explicit Timeout(std::chrono::nanoseconds delay);
    /// The body ended with a value, unless `leave_with_exception` was called.
    ~Timeout();
    Timeout(const Timeout&) = delete;
    Timeout& operator=(const Timeout&) = delete;

    /// Within a handler of the exception that ended the body: throws TimeoutError when that is the
    /// CancelledError of this limit and of nobody else.
    void leave_with_exception();

private:
    enum class State : unsigned char { active, expiring, expired, finished };

    void expire();
    /// Returns whether no cancellation is left but those from before this limit.
    bool leave() noexcept;

    State state_ = State::active;
    detail::TaskBase& task_;
    int cancelling_; // how often the task was cancelled before
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

/// Awaits what `body()` or `body(Timeout&)` returns, a Coro, and yields its value: Python's
/// `async with asyncio.timeout(delay)`. When `delay` has passed (counted from when this is
/// awaited), the running task is cancelled within the body, and the CancelledError that leaves it
/// becomes a TimeoutError; unless somebody else has cancelled the task too, whose CancelledError
/// then goes on. The callable is kept until its coroutine has ended.
template <class Rep, class Period, detail::TimeoutBody F>
auto with_timeout(std::chrono::duration<Rep, Period> delay, F&& body)
    -> Coro<typename detail::TimeoutBodyValue<F>::type> {
    return detail::run_with_timeout<typename detail::TimeoutBodyValue<F>::type, std::decay_t<F>>(
        detail::to_nanoseconds(delay), std::forward<F>(body));
}
/// As with_timeout, until a time on the loop's clock (nothing: never): Python's asyncio.timeout_at.
template <detail::TimeoutBody F>
auto with_timeout_at(std::optional<std::chrono::steady_clock::time_point> when, F&& body)
    -> Coro<typename detail::TimeoutBodyValue<F>::type> {
    return detail::run_with_timeout<typename detail::TimeoutBodyValue<F>::type, std::decay_t<F>>(
        when, std::forward<F>(body));
}
/// Without a limit, until the body sets one with `Timeout::reschedule`.
template <detail::TimeoutBody F>
auto with_timeout(std::nullopt_t, F&& body) -> Coro<typename detail::TimeoutBodyValue<F>::type> {
    return with_timeout_at(std::nullopt, std::forward<F>(body));
}

} // namespace hocket
