#include "engine/quiet_write.hpp"

#include <cerrno>

#include "engine/no_sigpipe.hpp"

namespace hocket::engine {

namespace {

constexpr int no_signal = 0x100;  // RWF_NOSIGNAL, which older headers do not define
constexpr off_t at_position = -1; // at the file's own position, like writev

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
    NoSigpipe no_sigpipe;
    const ssize_t written = ::writev(fd, pieces.data(), static_cast<int>(pieces.size()));
    if (written < 0 && errno == EPIPE) {
        no_sigpipe.take_back();
        errno = EPIPE;
    }
    return written;
}

} // namespace hocket::engine
