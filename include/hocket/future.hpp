#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/threads/future_state.hpp>
#include <hocket/errors.hpp>

namespace hocket {

/// A result that is not available yet, from any executor or thread: Python's
/// concurrent.futures.Future, which here can also be awaited. Copies refer to the same result and
/// may be used from any thread. In a task, `co_await future` suspends and resumes on that task's
/// loop; in a thread, `result()` blocks.
template <class T = void> class Future {
public:
    using value_type = T;
    using hocket_awaitable = void;
    using State = detail::FutureState<T>;

    Future() noexcept = default; ///< Refers to no result.
    explicit Future(detail::FuturePointer<State> state) noexcept : state_(std::move(state)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(state_); }

    /// Cancels the work if it has not started. Returns false if it is running or done.
    bool cancel() const { return state().cancel(); }
    [[nodiscard]] bool cancelled() const {
        return state().status() == detail::FutureStateBase::Status::cancelled;
    }
    [[nodiscard]] bool running() const { return state().running(); }
    /// Whether it has a result or an exception, or was cancelled.
    [[nodiscard]] bool done() const { return state().done(); }

    /// Blocks until done. Returns a copy of the result, or moves it out if it cannot be copied.
    /// Throws the work's exception, or CancelledError if it was cancelled.
    T result() const& {
        state().wait();
        return state().get();
    }
    /// The same on a temporary or a moved Future, as in `submit(f).result()`: moves the result out
    /// if no other Future refers to it.
    T result() && {
        state().wait();
        return state().get_last();
    }
    /// The same, but throws TimeoutError if `timeout` passes first.
    template <class Rep, class Period> T result(std::chrono::duration<Rep, Period> timeout) const& {
        wait_for(timeout);
        return state().get();
    }
    template <class Rep, class Period> T result(std::chrono::duration<Rep, Period> timeout) && {
        wait_for(timeout);
        return state().get_last();
    }
    /// Blocks until done. Returns the work's exception, or nullptr if it has none. Throws
    /// CancelledError if it was cancelled.
    [[nodiscard]] std::exception_ptr exception() const {
        state().wait();
        if (cancelled()) {
            throw CancelledError();
        }
        return state().error();
    }
    template <class Rep, class Period>
    [[nodiscard]] std::exception_ptr exception(std::chrono::duration<Rep, Period> timeout) const {
        wait_for(timeout);
        return exception();
    }

    /// Calls `callback(future)` or `callback()` when the future is done, on the thread that
    /// completes it; if it is done already, at once on this thread. Exceptions from the callback
    /// are reported on stderr.
    template <class F> void add_done_callback(F callback) const {
        state().add_done_callback([callback = std::move(callback), self = *this]() mutable {
            if constexpr (std::is_invocable_v<F&, Future>) {
                callback(self);
            } else {
                callback();
            }
        });
    }

    /// The outcome is that of `result`.
    auto operator co_await() const& { return detail::FutureAwaiter<T>(state()); }
    auto operator co_await() && { return detail::LastFutureAwaiter<T>(state()); }

    [[nodiscard]] State& state() const {
        if (!state_) [[unlikely]] {
            throw InvalidStateError("this Future is empty: it refers to no result");
        }
        return *state_;
    }

private:
    template <class Rep, class Period>
    void wait_for(std::chrono::duration<Rep, Period> timeout) const {
        if (!state().wait_until(detail::deadline_after(timeout))) {
            throw TimeoutError("the future was not done in time");
        }
    }

    detail::FuturePointer<State> state_;
};

/// Returned by shield() of a future; may be awaited any number of times.
template <class T> class [[nodiscard]] ShieldedFuture {
public:
    using hocket_awaitable = void;
    using hocket_future = void;
    using value_type = T;

    explicit ShieldedFuture(Future<T> future) noexcept : future_(std::move(future)) {}

    auto operator co_await() const {
        using Awaiter = detail::FutureAwaiter<T>;
        return Awaiter(future_.state(), Awaiter::OnCancel::leave);
    }

private:
    Future<T> future_;
};

/// Protects a future from the cancellation of the task that awaits it: the task throws
/// CancelledError at once, and the future is unaffected. The wait creates no task, so nothing of it
/// remains after the cancellation.
template <class T> ShieldedFuture<T> shield(Future<T> future) {
    return ShieldedFuture<T>(std::move(future));
}
template <class T>
detail::MadeOfTemporary<ShieldedFuture<T>> shield(detail::MadeOfTemporary<Future<T>> future) {
    return ShieldedFuture<T>(std::move(future));
}

/// Sets the result of a Future. May be used from any thread, by one at a time. If the Promise is
/// destroyed without setting a result, the future fails with RuntimeError ("broken promise").
template <class T = void> class Promise {
public:
    Promise() : state_(new detail::FutureState<T>()) {}
    Promise(Promise&&) noexcept = default;
    Promise& operator=(Promise&& other) noexcept {
        abandon();
        state_ = std::move(other.state_);
        return *this;
    }
    ~Promise() { abandon(); }

    [[nodiscard]] Future<T> get_future() const { return Future<T>(state_); }

    /// Marks the work as started; from now on the future cannot be cancelled. Returns false if it
    /// was cancelled already: then do not do the work.
    bool set_running_or_notify_cancel() { return state_->set_running_or_notify_cancel(); }
    /// Throws InvalidStateError if the future already has a result or was cancelled.
    template <class... U> void set_result(U&&... value) {
        // A copy, because a waiting thread may destroy this Promise as soon as the result is set.
        const auto state = state_;
        state->set_value(std::forward<U>(value)...);
    }
    void set_exception(std::exception_ptr error) {
        const auto state = state_;
        state->set_error(std::move(error));
    }
    template <class E> requires(!std::is_same_v<std::remove_cvref_t<E>, std::exception_ptr>)
    void set_exception(E&& error) {
        set_exception(std::make_exception_ptr(std::forward<E>(error)));
    }

private:
    void abandon() noexcept {
        if (state_ && !state_->done()) {
            state_->fail_if_unset("the Promise was destroyed without a result");
        }
    }

    detail::FuturePointer<detail::FutureState<T>> state_;
};

} // namespace hocket
