#pragma once

#include <coroutine>
#include <source_location>
#include <utility>

#include <hocket/detail/loop/promise_base.hpp>

namespace hocket {

namespace detail {
template <class T> class CoroPromise;
void report_never_awaited(const PromiseBase& promise) noexcept;
[[noreturn]] void throw_already_awaited(const PromiseBase* promise);
} // namespace detail

/// The return type of a coroutine function: Python's coroutine object. Lazy: the body runs once,
/// when the Coro is awaited (`co_await f()`) or passed to `create_task`. Move-only. `co_await`
/// returns the body's value, or throws the exception that ended it.
///
/// May be used by one thread at a time; `run_coroutine_threadsafe` moves it to another loop.
/// Destroying a Coro that never ran is reported on stderr ("coroutine … was never awaited"), as in
/// Python.
template <class T = void> class [[nodiscard]] Coro {
public:
    using promise_type = detail::CoroPromise<T>;
    using value_type = T;
    using hocket_awaitable = void;

    Coro() noexcept = default; ///< Empty, like a moved-from Coro; cannot be awaited.
    explicit Coro(promise_type& promise) noexcept : promise_(&promise) {}
    Coro(Coro&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
    Coro& operator=(Coro&& other) noexcept {
        std::swap(promise_, other.promise_);
        return *this;
    }
    ~Coro() {
        if (promise_ != nullptr) {
            if (!promise_->is_started()) [[unlikely]] {
                detail::report_never_awaited(*promise_);
            }
            promise_->handle().destroy();
        }
    }

    [[nodiscard]] explicit operator bool() const noexcept { return promise_ != nullptr; }

    /// Destroys the coroutine without running it and without the report: Python's `close()`.
    void close() noexcept {
        if (promise_ != nullptr) {
            release()->handle().destroy();
        }
    }

    struct Awaiter : detail::StartAwaiter {
        using StartAwaiter::StartAwaiter;
        T await_resume() { return static_cast<promise_type&>(callee_).take(); }
    };
    Awaiter operator co_await() && noexcept { return Awaiter(*promise_); }

    /// Internal: called by the promise of the awaiting coroutine.
    void start_in(detail::TaskBase& task) {
        if (promise_ == nullptr || promise_->is_started()) [[unlikely]] {
            detail::throw_already_awaited(promise_);
        }
        promise_->task = &task;
    }
    /// Internal: called by the task that takes ownership of the coroutine.
    [[nodiscard]] promise_type* release() noexcept { return std::exchange(promise_, nullptr); }

private:
    promise_type* promise_ = nullptr;
};

namespace detail {

template <class T> class CoroPromiseResult : public PromiseBase {
public:
    ~CoroPromiseResult() {
        if (state == ResultState::value) {
            result_.clear(state);
        }
    }
    template <class U = T> void return_value(U&& value) {
        result_.set_value(std::forward<U>(value));
        state = ResultState::value;
    }
    /// Returns the value, or throws the exception that ended the coroutine.
    T take() {
        if (state == ResultState::error) [[unlikely]] {
            rethrow();
        }
        return result_.take(state);
    }

private:
    ResultStorage<T> result_;
};

template <> class CoroPromiseResult<void> : public PromiseBase {
public:
    void return_void() noexcept { state = ResultState::value; }
    void take() {
        if (state == ResultState::error) [[unlikely]] {
            rethrow();
        }
    }
};

template <class T> class CoroPromise final : public CoroPromiseResult<T> {
public:
    Coro<T>
    get_return_object(std::source_location defined = std::source_location::current()) noexcept {
        this->where = defined;
        return Coro<T>(*this);
    }
    void unhandled_exception() noexcept { this->fail(std::current_exception()); }
};

} // namespace detail

} // namespace hocket
