#pragma once

#include <string>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/loop_io.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

/// The addresses of `host` (for an empty host see getaddrinfo) with `port`, without duplicates. An
/// IP address in digits is not looked up. Throws ValueError if the port is out of range, and
/// std::system_error if the host cannot be resolved.
Coro<std::vector<SocketAddress>> host_addresses(std::string host, int port, AddressInfoHints hints);

/// Throws ValueError if `path` is too long.
[[nodiscard]] SocketAddress unix_address(const std::string& path);

/// Removes a socket file that an earlier process has left at `path`, as asyncio does before it
/// binds. A failure is ignored here; bind reports it.
void remove_stale_socket(const std::string& path) noexcept;

} // namespace hocket::detail
