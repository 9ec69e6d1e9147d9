#pragma once

#include <cstddef>
#include <span>

#include <sys/types.h>
#include <sys/uio.h>

namespace hocket::engine {

/// Writes to pipes without raising SIGPIPE, whose handling is a setting of the whole process and
/// which kills it by default. Does for pipes what MSG_NOSIGNAL does for sockets.
class QuietWrite {
public:
    /// Like writev, but a pipe without readers only causes EPIPE. Works for any descriptor.
    ssize_t operator()(int fd, std::span<const iovec> pieces) noexcept;

    /// Works with every kernel: blocks the signal on this thread and removes it if the write raised
    /// it.
    static ssize_t with_signal_blocked(int fd, std::span<const iovec> pieces) noexcept;

private:
    bool kernel_has_flag_ = true; // RWF_NOSIGNAL, since Linux 6.18
};

} // namespace hocket::engine
