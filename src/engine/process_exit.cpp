#include "engine/process_exit.hpp"

#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

bool has_ended(int pidfd) noexcept {
    pollfd end{pidfd, POLLIN, 0};
    return ::poll(&end, 1, 0) > 0;
}

} // namespace

std::optional<ProcessExit> reap(int pidfd) noexcept {
    siginfo_t info{};
    int returned = 0;
    do {
        returned = ::waitid(by_pidfd, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
    } while (returned != 0 && errno == EINTR);
    if (returned != 0) {
        return ProcessExit{ProcessExit::unknown, last_error()};
    }
    if (info.si_pid == 0) {
        return std::nullopt;
    }
    return ProcessExit{info.si_code == CLD_EXITED ? info.si_status : -info.si_status, {}};
}

std::optional<ProcessExit> read_exit(int pidfd, int reports) noexcept {
    if (!has_ended(pidfd)) {
        return std::nullopt;
    }
    ProcessExit exit;
    ssize_t received = 0;
    do {
        received = ::recv(reports, &exit.status, sizeof exit.status, 0);
        // After ECONNRESET, data sent before the other end closed can still be received.
    } while (received < 0 && (errno == EINTR || errno == ECONNRESET));
    if (received != sizeof exit.status) {
        return ProcessExit{ProcessExit::unknown, {ECHILD, std::system_category()}};
    }
    return exit;
}

void report_exit(int reports, const ProcessExit& exit) noexcept {
    // EPIPE means that the receiver is gone; there is nothing to do then.
    while (::send(reports, &exit.status, sizeof exit.status, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

} // namespace hocket::engine
