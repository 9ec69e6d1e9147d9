#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

/// Awaits one of several signals. A named local of the coroutine that awaits it.
class SignalWait final : public Operation, public engine::ListLink {
public:
    using hocket_awaitable = void;

    /// Takes the signals over. Throws as EventLoop::add_signal_handler.
    SignalWait(EventLoopState& loop, const std::vector<int>& signals);
    ~SignalWait() { leave(); }

    [[nodiscard]] bool waits_for(int signal) const noexcept {
        return ((signals_ >> (signal - 1)) & 1) != 0;
    }
    /// It came: called once, and this is no longer listed.
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
