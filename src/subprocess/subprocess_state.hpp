#pragma once

#include <memory>
#include <optional>

#include <hocket/detail/sync/waiter.hpp>
#include <hocket/subprocess.hpp>

#include "subprocess/running_program.hpp"
#include "subprocess/start_subprocess.hpp"

namespace hocket::detail {

/// The program of a subprocess::Process.
class StreamProgram final : public RunningProgram,
                            public std::enable_shared_from_this<StreamProgram> {
public:
    /// Use `start`.
    explicit StreamProgram(EventLoop& loop) : RunningProgram(loop) {}
    [[nodiscard]] static std::shared_ptr<StreamProgram> start(EventLoop& loop,
                                                              StartedSubprocess& started);

    [[nodiscard]] WaitQueue& exit_waiters() noexcept { return exit_waiters_; }

private:
    void on_ended() noexcept override { exit_waiters_.release_all(Waiter::State::granted); }

    WaitQueue exit_waiters_;
};

/// The state that the copies of a Process share. Its destructor kills the program.
struct SubprocessState {
    SubprocessState() = default;
    ~SubprocessState();
    SubprocessState(const SubprocessState&) = delete;
    SubprocessState& operator=(const SubprocessState&) = delete;

    std::shared_ptr<StreamProgram> child;
    std::optional<StreamWriter> stdin;
    std::optional<StreamReader> stdout;
    std::optional<StreamReader> stderr;
    subprocess::OnCancel on_cancel = subprocess::OnCancel::leave;
    std::chrono::nanoseconds grace{};
    bool leads_group = false;
};

/// Awaits the end of the program. Must be a named local of the coroutine that awaits it.
class ChildExit final : public Waiter {
public:
    using hocket_awaitable = void;
    using value_type = int;

    explicit ChildExit(StreamProgram& child) noexcept : child_(child) {}

    [[nodiscard]] bool await_ready() const noexcept { return child_.returncode().has_value(); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        wait_in(child_.exit_waiters(), caller, "Process");
    }
    int await_resume() {
        if (has_waited()) {
            throw_if_not_granted("Process");
        }
        return *child_.returncode();
    }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "end of a subprocess"};
    }

private:
    StreamProgram& child_;
};

} // namespace hocket::detail
