#pragma once

#include <string>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/network_options.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

/// Makes a bound socket for each address of the hosts. Throws std::system_error if that fails for
/// one of them. An address that does not belong to this machine is skipped if others do.
Coro<std::vector<Socket>> bind_hosts(std::vector<std::string> hosts, int port,
                                     ServerOptions options);

/// Makes a Unix socket bound to `path`. A stale socket file there is removed first.
[[nodiscard]] Socket bind_path(const std::string& path);

/// Prepares sockets that the caller has bound for a server: checks that they are stream sockets
/// (otherwise throws ValueError) and makes them non-blocking.
void take_over(const std::vector<Socket>& sockets);

} // namespace hocket::detail
