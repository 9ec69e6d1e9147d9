#include "engine/child_watcher.hpp"

#include <cerrno>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hocket::engine {

namespace {

constexpr int unknown_status = 255;
constexpr auto by_pidfd = static_cast<idtype_t>(3); // P_PIDFD, which older headers do not name

} // namespace

std::error_code ChildWatcher::start(pid_t pid) noexcept {
    const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); // is close-on-exec
    if (fd < 0) {
        return {errno, std::system_category()};
    }
    const auto error = poller_.add(*this, fd, readable);
    if (error) {
        ::close(fd);
    }
    return error;
}

void ChildWatcher::stop() noexcept {
    if (is_watching()) {
        const int fd = watched_fd();
        poller_.remove(*this);
        ::close(fd);
    }
}

void ChildWatcher::on_ready(std::uint32_t) noexcept {
    siginfo_t info{};
    int returned = 0;
    do {
        returned = ::waitid(by_pidfd, static_cast<id_t>(watched_fd()), &info, WEXITED | WNOHANG);
    } while (returned != 0 && errno == EINTR);
    if (returned != 0) {
        const std::error_code error(errno, std::system_category());
        stop();
        on_exit(unknown_status, error);
    } else if (info.si_pid != 0) {
        stop();
        on_exit(info.si_code == CLD_EXITED ? info.si_status : -info.si_status, {});
    }
}

} // namespace hocket::engine
