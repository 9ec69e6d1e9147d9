#pragma once

#include <utility>

#include <hocket/engine/socket.hpp>
#include <hocket/engine/socket_address.hpp>

namespace hocket {

/// Owns a socket's file descriptor. Used by `EventLoop::sock_recv` and similar functions, and
/// returned by `Transport::socket` and `StreamWriter::socket`. Its functions return failures as
/// error codes.
using Socket = engine::Socket;

/// The address of a socket: an IP address with a port, or a Unix path.
using SocketAddress = engine::SocketAddress;

/// Creates two sockets that are connected to each other: Python's socket.socketpair. Throws
/// std::system_error.
[[nodiscard]] std::pair<Socket, Socket> socketpair(int family = 1 /* AF_UNIX */,
                                                   int type = 1 /* SOCK_STREAM */, int proto = 0);

} // namespace hocket
