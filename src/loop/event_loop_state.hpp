#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/event_loop.hpp>

#include "engine/file_operations.hpp"
#include "engine/reactor.hpp"
#include "loop/loop_network.hpp"
#include "loop/step_timer.hpp"
#include "observe/inspected_loop.hpp"

namespace hocket {
class SSLContext;
}

namespace hocket::detail {

class SignalWait; // signal_wait.hpp

/// The state of an EventLoop.
class EventLoopState final : public engine::SignalSink, public observer::InspectedLoop {
public:
    EventLoopState(EventLoop& loop, std::string loop_name);
    ~EventLoopState();

    void on_signal(int signal) noexcept override;
    /// Takes over `signal`. Throws like EventLoop::add_signal_handler.
    void take_signal(int signal);
    /// Gives the signal back if there is no handler and no waiter for it any more.
    void give_back_signal(int signal) noexcept;

    // For the observer; see loop_inspection.cpp.
    [[nodiscard]] engine::Reactor& inspected_reactor() noexcept override { return reactor; }
    void begin_list() noexcept override;
    [[nodiscard]] bool list_some(std::pmr::deque<observer::TaskRecord>& list) override;
    void describe_running(observer::RunningTask& into) const noexcept override;

    engine::OwnLoopStatus status;
    LoopCore core;
    engine::Reactor reactor{&*status};
    LoopNetwork network{reactor};
    std::unique_ptr<engine::FileOperations> file_operations; // created on first use
    StepTimer step_timer{core};                              // for debug mode
    std::string name;
    bool running = false;
    bool stopping = false;
    bool closed = false;
    std::exception_ptr interruption; // ends run_forever
    EventLoop::ExceptionHandler exception_handler;
    std::shared_ptr<Executor> executor;
    bool executor_shut_down = false;
    std::shared_ptr<const SSLContext> default_ssl_context; // for `ssl = true`; created on first use
    std::array<std::function<void()>, engine::Signals::count> signal_handlers;
    engine::IntrusiveList<SignalWait> signal_waits;
};

/// The reactor under a loop.
[[nodiscard]] inline engine::Reactor& reactor_of(const EventLoop& loop) noexcept {
    return loop.state().reactor;
}

/// Ends a loop as `run` does: cancels its tasks and waits for them, shuts down the default
/// executor, and closes the loop.
void close_loop(EventLoop& loop);

/// Throws RuntimeError if `loop` is closed or, in debug mode, runs on another thread.
void require_usable(const EventLoop& loop);

} // namespace hocket::detail
