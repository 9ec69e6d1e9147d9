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

/// A program that a loop has started: kept alive by the loop until it is reaped, and killed and
/// reaped with the loop.
class RunningProgram : public LoopResource, private engine::ChildWatcher {
public:
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] std::optional<int> returncode() const noexcept { return returncode_; }

    /// Throws std::system_error, ESRCH when the child is reaped.
    void send_signal(int signal);
    /// To the child if it still runs, or to its whole group; whatever comes of it.
    void signal_quietly(int signal, bool to_group) noexcept;

    void drop() noexcept override;

protected:
    explicit RunningProgram(EventLoop& loop);
    ~RunningProgram();

    /// Takes over a child; `self` is what keeps this. Throws std::system_error, and has ended the
    /// child then.
    void watch(pid_t pid, FileDescriptor pidfd, std::shared_ptr<void> self);
    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

private:
    /// The returncode is known.
    virtual void on_ended() noexcept = 0;

    void on_exit(int status, std::error_code error) noexcept override;
    /// Kills the child and waits for its end.
    static void end(int pidfd) noexcept;

    EventLoop& loop_;
    pid_t pid_ = 0;
    std::optional<int> returncode_;
};

} // namespace hocket::detail
