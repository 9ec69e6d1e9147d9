#pragma once

#include <string>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/loop_io.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

/// The addresses of `host` (empty: see getaddrinfo), each once, with `port`. Digits are not looked
/// up. Throws ValueError for a port that is none, std::system_error when the host cannot be
/// resolved.
Coro<std::vector<SocketAddress>> host_addresses(std::string host, int port, AddressInfoHints hints);

/// Throws ValueError when `path` is too long.
[[nodiscard]] SocketAddress unix_address(const std::string& path);

/// Removes the socket file that somebody who is gone has left at `path`, as asyncio does before it
/// binds; a failure shows in bind.
void remove_stale_socket(const std::string& path) noexcept;

} // namespace hocket::detail
