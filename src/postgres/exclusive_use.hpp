#pragma once

#include <coroutine>
#include <exception>
#include <string_view>
#include <utility>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/operation.hpp>

#include "postgres/connection_state.hpp"

namespace hocket::detail::postgres {

/// Lets a coroutine use libpq by itself, outside of pipeline mode: the first `co_await use` waits
/// until everything before it has been answered; each later one until the socket is ready. If it is
/// destroyed while libpq is busy, the command is cancelled and its replies are dropped. Must be a
/// named local variable of the coroutine.
class ExclusiveUse final : public Operation {
public:
    using hocket_awaitable = void;

    explicit ExclusiveUse(StatePointer state) noexcept : state_(std::move(state)) {}
    ~ExclusiveUse();

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        wait();
        task_->suspend(caller.promise(), *this);
    }
    /// Throws if the connection has ended.
    void await_resume() {
        task_->throw_if_cancelled();
        if (error_) {
            std::rethrow_exception(error_);
        }
    }
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "PostgreSQL"}; }

    [[nodiscard]] PGconn* libpq() const noexcept { return state_->libpq(); }

    // ConnectionState calls these.
    void grant() noexcept;
    void on_ready() noexcept;
    void on_end(std::exception_ptr error) noexcept;

private:
    void wait();
    bool cancel(std::string_view message) noexcept override;

    StatePointer state_;
    RequestPointer request_; // until it is granted
    bool is_granted_ = false;
    bool is_waiting_ = false;
    TaskBase* task_ = nullptr;
    std::exception_ptr error_;
};

/// The next result; nullptr at the end of the command. COPY states are returned as results.
Coro<ResultPointer> next_result(ExclusiveUse& use);

} // namespace hocket::detail::postgres
