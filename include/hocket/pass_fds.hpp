#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/file_descriptor.hpp>
#include <hocket/socket.hpp>

namespace hocket {

/// The result of recv_fds.
struct ReceivedFds {
    ReceivedFds() = default;
    ReceivedFds(ReceivedFds&&) noexcept = default; // no copies, which a vector would declare
    ReceivedFds& operator=(ReceivedFds&&) noexcept = default;

    std::string data;                ///< Empty at the end of the stream.
    std::vector<FileDescriptor> fds; ///< Close-on-exec, in the order in which they were sent.
    /// The flags returned by recvmsg. MSG_CTRUNC: there were more descriptors than `maxfds` or than
    /// the process may open; the excess ones are closed, not leaked. MSG_TRUNC: the message was
    /// longer than `bufsize`.
    int flags = 0;
    SocketAddress address; ///< The sender, if the socket is not connected.
};

/// Sends `data` (at least one byte) together with duplicates of `fds` over a Unix socket: Python's
/// socket.send_fds. Returns the number of bytes sent; the descriptors travel with the first byte.
/// Throws std::system_error (EAGAIN if a non-blocking socket is full; see
/// EventLoop::sock_send_fds), and ValueError if `data` is empty or there are more than 253
/// descriptors. Raises no SIGPIPE. May be called from any thread.
std::size_t send_fds(const Socket& socket, std::string_view data, std::span<const int> fds);

/// Receives up to `bufsize` bytes together with up to `maxfds` descriptors (at most 253 arrive at a
/// time): Python's socket.recv_fds. Throws std::system_error. May be called from any thread.
[[nodiscard]] ReceivedFds recv_fds(const Socket& socket, std::size_t bufsize, std::size_t maxfds);

} // namespace hocket
