#pragma once

#include <hocket/detail/socket.hpp>
#include <hocket/detail/socket_address.hpp>

namespace hocket {

/// Owns a socket's file descriptor: for `EventLoop::sock_recv` and its like, and what
/// `Transport::socket` and `StreamWriter::socket` show. Failures are returned as error codes.
using Socket = engine::Socket;

/// Where a socket is: an IP address with a port, or a Unix path.
using SocketAddress = engine::SocketAddress;

} // namespace hocket
