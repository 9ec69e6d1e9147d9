#pragma once

#include <coroutine>
#include <exception>
#include <string_view>
#include <utility>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/operation.hpp>

#include "postgres/connection_state.hpp"

namespace hocket::detail::postgres {

/// Awaits the reply to a request. Must be a named local variable of the awaiting coroutine.
class Execution final : public Operation, private ReplySink {
public:
    using hocket_awaitable = void;

    Execution(StatePointer state, RequestPointer request) noexcept
        : state_(std::move(state)), request_(std::move(request)) {}
    ~Execution() {
        if (is_waiting_) {
            state_->abandon(request_);
        }
    }

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        request_->sink = this;
        state_->submit(request_);
        is_waiting_ = true;
        task_->suspend(caller.promise(), *this);
    }
    ResultPointer await_resume() {
        task_->throw_if_cancelled();
        if (request_->error) {
            std::rethrow_exception(request_->error);
        }
        return std::move(request_->result);
    }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "PostgreSQL query"};
    }

private:
    void on_reply() noexcept override {
        is_waiting_ = false;
        task_->wake();
    }
    bool cancel(std::string_view) noexcept override {
        if (!std::exchange(is_waiting_, false)) {
            return false;
        }
        state_->abandon(request_);
        task_->interrupt();
        return true;
    }

    StatePointer state_;
    RequestPointer request_;
    bool is_waiting_ = false;
    TaskBase* task_ = nullptr;
};

} // namespace hocket::detail::postgres
