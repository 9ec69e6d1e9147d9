#pragma once

#include <system_error>

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>

#include "engine/poller.hpp"

namespace hocket::engine {

/// Waits for the exit of a child process with a pidfd, without SIGCHLD or a thread. Stored in its
/// owner.
class ChildWatcher : private Watcher {
public:
    explicit ChildWatcher(Poller& poller) noexcept : poller_(poller) {}

    /// Watches the child `pid`. No other code may wait for it. Returns ENOSYS before Linux 5.3.
    [[nodiscard]] std::error_code start(pid_t pid) noexcept;
    /// The same with its pidfd, which is taken over unless this fails. For a fork server's child,
    /// the exit status is received from `reports` (see read_exit), which must stay open meanwhile.
    [[nodiscard]] std::error_code start(FileDescriptor&& pidfd, int reports = -1) noexcept;
    /// Stops watching. The child is left alone: someone else must reap it.
    void stop() noexcept;
    [[nodiscard]] bool is_started() const noexcept { return is_watching(); }
    /// The child's pidfd while it is watched.
    [[nodiscard]] int pidfd() const noexcept { return watched_fd(); }

    /// Called when the child has ended and been reaped. `status` is its exit status, or minus the
    /// signal that ended it. If `error` is set (other code has reaped it), the status is 255, as in
    /// asyncio. May destroy the watcher.
    virtual void on_exit(int status, std::error_code error) noexcept = 0;

protected:
    ~ChildWatcher() { stop(); }

private:
    void on_ready(std::uint32_t events) noexcept override;

    Poller& poller_;
    FileDescriptor pidfd_;
    int reports_ = -1;
};

} // namespace hocket::engine
