#pragma once

#include <memory>
#include <optional>

#include <hocket/detail/sync/waiter.hpp>
#include <hocket/subprocess.hpp>

#include "subprocess/running_child.hpp"
#include "subprocess/start_subprocess.hpp"

namespace hocket::detail {

/// The program of a subprocess::Process.
class StreamChild final : public RunningChild, public std::enable_shared_from_this<StreamChild> {
public:
    /// Use `start`.
    explicit StreamChild(EventLoop& loop) : RunningChild(loop) {}
    [[nodiscard]] static std::shared_ptr<StreamChild> start(EventLoop& loop,
                                                            StartedSubprocess& started);

    [[nodiscard]] Line& exit_waiters() noexcept { return exit_waiters_; }

private:
    void on_ended() noexcept override { exit_waiters_.release_all(Waiter::State::granted); }

    Line exit_waiters_;
};

/// What the copies of a Process share; its end kills the program.
struct ProcessState {
    ProcessState() = default;
    ~ProcessState();
    ProcessState(const ProcessState&) = delete;
    ProcessState& operator=(const ProcessState&) = delete;

    std::shared_ptr<StreamChild> child;
    std::optional<StreamWriter> stdin;
    std::optional<StreamReader> stdout;
    std::optional<StreamReader> stderr;
    subprocess::OnCancel on_cancel = subprocess::OnCancel::leave;
    std::chrono::nanoseconds grace{};
    bool leads_group = false;
};

/// Awaits the end of the program. A named local of the coroutine that awaits it.
class ChildExit final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = int;

    explicit ChildExit(StreamChild& child) noexcept : child_(child) {}

    [[nodiscard]] bool await_ready() const noexcept { return child_.returncode().has_value(); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(child_.exit_waiters(), caller, "Process");
    }
    int await_resume() {
        if (has_waited()) {
            throw_if_unlucky("Process");
        }
        return *child_.returncode();
    }

private:
    StreamChild& child_;
};

} // namespace hocket::detail
