#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

/// Awaits one of several signals. Must be a named local variable of the awaiting coroutine.
class SignalWait final : public Operation, public engine::ListLink {
public:
    using hocket_awaitable = void;

    /// Takes over the signals. Throws like EventLoop::add_signal_handler.
    SignalWait(EventLoopState& loop, const std::vector<int>& signals);
    ~SignalWait() { leave(); }

    [[nodiscard]] bool waits_for(int signal) const noexcept {
        return ((signals_ >> (signal - 1)) & 1) != 0;
    }
    /// Called once, when the signal has arrived; this has been removed from the list by then.
    void deliver(int signal) noexcept {
        came_ = signal;
        task_->wake();
    }

    bool await_ready() const noexcept { return false; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        loop_.signal_waits.push_back(*this);
        task_->suspend(caller.promise(), *this);
    }
    int await_resume();
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "signal"}; }

private:
    bool cancel(std::string_view message) noexcept override;
    void leave() noexcept;
    void give_back() noexcept;

    EventLoopState& loop_;
    std::uint64_t signals_ = 0; // bit N-1 for signal N
    int came_ = 0;
    TaskBase* task_ = nullptr;
};

} // namespace hocket::detail
