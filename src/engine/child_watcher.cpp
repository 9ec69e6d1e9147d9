#include "engine/child_watcher.hpp"

#include <cerrno>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

#include "engine/last_error.hpp"
#include "engine/process_exit.hpp"

namespace hocket::engine {

std::error_code ChildWatcher::start(pid_t pid) noexcept {
    FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); // is close-on-exec
    return pidfd.is_open() ? start(std::move(pidfd)) : last_error();
}

std::error_code ChildWatcher::start(FileDescriptor&& pidfd, int reports) noexcept {
    const auto error = poller_.add(*this, pidfd.fileno(), readable);
    if (!error) {
        pidfd_ = std::move(pidfd);
        reports_ = reports;
    }
    return error;
}

void ChildWatcher::stop() noexcept {
    if (is_watching()) {
        poller_.remove(*this);
        pidfd_.close();
    }
}

void ChildWatcher::on_ready(std::uint32_t) noexcept {
    const auto exit = reports_ < 0 ? reap(pidfd_.fileno()) : read_exit(pidfd_.fileno(), reports_);
    if (exit) {
        stop();
        on_exit(exit->status, exit->error);
    }
}

} // namespace hocket::engine
