#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/file_descriptor.hpp>
#include <hocket/socket.hpp>

namespace hocket {

/// What recv_fds received.
struct ReceivedFds {
    ReceivedFds() = default;
    ReceivedFds(ReceivedFds&&) noexcept = default; // and no copies, which a vector would promise
    ReceivedFds& operator=(ReceivedFds&&) noexcept = default;

    std::string data;                ///< Empty at the end of the stream.
    std::vector<FileDescriptor> fds; ///< Close-on-exec, in the order in which they were sent.
    /// Of recvmsg. MSG_CTRUNC: there were more descriptors than `maxfds`, or than the process has
    /// room for; those are closed, none is leaked. MSG_TRUNC: the message was longer than
    /// `bufsize`.
    int flags = 0;
    SocketAddress address; ///< Who sent it, where the socket is not connected.
};

/// Sends `data`, at least one byte of it, with duplicates of `fds` over a Unix socket: Python's
/// socket.send_fds. Returns how many bytes were sent; the descriptors go with the first. Throws
/// std::system_error (EAGAIN when a socket that does not block is full; see
/// EventLoop::sock_send_fds), ValueError without data or with more than 253 descriptors. No
/// SIGPIPE. Any thread.
std::size_t send_fds(const Socket& socket, std::string_view data, std::span<const int> fds);

/// Receives up to `bufsize` bytes with up to `maxfds` descriptors (at most 253 come at a time):
/// Python's socket.recv_fds. Throws std::system_error. Any thread.
[[nodiscard]] ReceivedFds recv_fds(const Socket& socket, std::size_t bufsize, std::size_t maxfds);

} // namespace hocket
