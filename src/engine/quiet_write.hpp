#pragma once

#include <cstddef>
#include <span>

#include <sys/types.h>
#include <sys/uio.h>

namespace hocket::engine {

/// Writes to pipes without SIGPIPE, which is the whole process's to handle and whose default is
/// to kill it: what MSG_NOSIGNAL does for sockets.
class QuietWrite {
public:
    /// As writev; a pipe that nobody reads is EPIPE and nothing else. Any descriptor.
    ssize_t operator()(int fd, std::span<const iovec> pieces) noexcept;

    /// The way that every kernel knows: with the signal blocked on this thread, and taken back when
    /// the write raised it.
    static ssize_t with_signal_blocked(int fd, std::span<const iovec> pieces) noexcept;

private:
    bool kernel_has_flag_ = true; // RWF_NOSIGNAL: from Linux 6.18 on
};

} // namespace hocket::engine
