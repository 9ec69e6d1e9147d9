#pragma once

#include <memory>
#include <optional>

#include <csignal>
#include <sys/types.h>

#include <hocket/event_loop.hpp>
#include <hocket/file_descriptor.hpp>

#include "engine/child_watcher.hpp"
#include "loop/loop_resource.hpp"

namespace hocket::detail {

/// A program that a loop has started. The loop keeps this alive until the program is reaped. When
/// the loop is closed, the program is killed and reaped.
class RunningProgram : public LoopResource, private engine::ChildWatcher {
public:
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] std::optional<int> returncode() const noexcept { return returncode_; }

    /// Throws std::system_error; its code is ESRCH if the child has been reaped.
    void send_signal(int signal);
    /// Sends a signal to the child if it still runs, or to its whole group. Ignores failures.
    void signal_quietly(int signal, bool to_group) noexcept;

    void drop() noexcept override;

protected:
    explicit RunningProgram(EventLoop& loop);
    ~RunningProgram();

    /// Takes over a child; `self` keeps this object alive. On failure, ends the child and throws
    /// std::system_error.
    void watch(pid_t pid, FileDescriptor pidfd, std::shared_ptr<void> self);
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

private:
    /// Called when the returncode is known.
    virtual void on_ended() noexcept = 0;

    void on_exit(int status, std::error_code error) noexcept override;
    /// Kills the child and waits until it has ended.
    static void end(int pidfd) noexcept;

    EventLoop& loop_;
    pid_t pid_ = 0;
    std::optional<int> returncode_;
};

} // namespace hocket::detail
