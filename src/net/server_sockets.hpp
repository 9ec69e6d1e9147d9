#pragma once

#include <string>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/network_options.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

/// A socket for each address of the hosts, bound to it. Throws std::system_error when that does not
/// work for one of them, unless the address is not this machine's and others are.
Coro<std::vector<Socket>> bind_hosts(std::vector<std::string> hosts, int port,
                                     ServerOptions options);

/// A Unix socket at `path`, from which a socket that was left behind is removed first.
[[nodiscard]] Socket bind_path(const std::string& path);

/// Makes sockets that somebody else has bound fit for a server: stream sockets only (ValueError),
/// which do not block.
void take_over(const std::vector<Socket>& sockets);

} // namespace hocket::detail
