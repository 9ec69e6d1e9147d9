#include "engine/quiet_write.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>

#include <pthread.h>

namespace hocket::engine {

namespace {

constexpr int no_signal = 0x100;  // RWF_NOSIGNAL, which older headers do not name
constexpr off_t at_position = -1; // as writev writes

} // namespace

ssize_t QuietWrite::operator()(int fd, std::span<const iovec> pieces) noexcept {
    if (kernel_has_flag_) {
        const ssize_t written =
            ::pwritev2(fd, pieces.data(), static_cast<int>(pieces.size()), at_position, no_signal);
        if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) {
            return written;
        }
        kernel_has_flag_ = false;
    }
    return with_signal_blocked(fd, pieces);
}

ssize_t QuietWrite::with_signal_blocked(int fd, std::span<const iovec> pieces) noexcept {
    sigset_t pipe_signal;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    // One that was pending before is somebody else's.
    ::sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE) != 0;
    const ssize_t written = ::writev(fd, pieces.data(), static_cast<int>(pieces.size()));
    const int error = errno;
    if (written < 0 && error == EPIPE && !was_pending) {
        const timespec at_once{};
        while (::sigtimedwait(&pipe_signal, nullptr, &at_once) < 0 && errno == EINTR) {
        }
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return written;
}

} // namespace hocket::engine
