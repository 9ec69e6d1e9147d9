#pragma once

#include <utility>

#include <hocket/engine/socket.hpp>
#include <hocket/engine/socket_address.hpp>

namespace hocket {

/// Owns a socket's file descriptor: for `EventLoop::sock_recv` and its like, and what
/// `Transport::socket` and `StreamWriter::socket` show. Failures are returned as error codes.
using Socket = engine::Socket;

/// Where a socket is: an IP address with a port, or a Unix path.
using SocketAddress = engine::SocketAddress;

/// Two sockets, connected to each other: Python's socket.socketpair. Throws std::system_error.
[[nodiscard]] std::pair<Socket, Socket> socketpair(int family = 1 /* AF_UNIX */,
                                                   int type = 1 /* SOCK_STREAM */, int proto = 0);

} // namespace hocket
