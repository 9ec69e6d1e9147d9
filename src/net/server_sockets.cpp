#include "net/server_sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/errors.hpp>

#include "engine/last_error.hpp"
#include "net/host_addresses.hpp"

namespace hocket::detail {

namespace {

/// A bound socket. It is not open if the address does not belong to this machine (any more);
/// asyncio skips such addresses, too.
Socket bind_socket(const SocketAddress& address, const ServerOptions& options) {
    std::error_code error;
    Socket socket = Socket::create(address.family(), SOCK_STREAM, 0, error);
    if (error) {
        return socket; // the machine does not support the family
    }
    if (options.reuse_address) {
        socket.set_reuse_address(true);
    }
    if (options.reuse_port) {
        if (const auto refused = socket.set_reuse_port(true)) {
            throw std::system_error(refused, "reuse_port for " + address.text());
        }
    }
    if (options.keep_alive) {
        socket.set_keep_alive(true);
    }
    if (address.family() == AF_INET6) {
        socket.set_ipv6_only(true); // IPv4 addresses have their own sockets
    }
    error = socket.bind(address);
    if (error == std::errc::address_not_available) {
        socket.close();
    } else if (error) {
        throw std::system_error(error, "bind to " + address.text());
    }
    return socket;
}

} // namespace

Coro<std::vector<Socket>> bind_hosts(std::vector<std::string> hosts, int port,
                                     ServerOptions options) {
    const AddressInfoHints hints{options.family, SOCK_STREAM, 0, AI_PASSIVE};
    std::vector<SocketAddress> addresses;
    for (const std::string& host : hosts) {
        const std::vector<SocketAddress> found = co_await host_addresses(host, port, hints);
        for (const SocketAddress& address : found) {
            if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
                addresses.push_back(address);
            }
        }
    }
    std::vector<Socket> sockets;
    std::string refused;
    for (const SocketAddress& address : addresses) {
        Socket socket = bind_socket(address, options);
        if (socket.is_open()) {
            sockets.push_back(std::move(socket));
        } else {
            refused += (refused.empty() ? "" : ", ") + address.text();
        }
    }
    if (sockets.empty()) {
        throw std::system_error(std::make_error_code(std::errc::address_not_available),
                                "bind to any of " + (refused.empty() ? "no addresses" : refused));
    }
    co_return sockets;
}

void take_over(const std::vector<Socket>& sockets) {
    if (sockets.empty()) {
        throw ValueError("a server needs at least one socket");
    }
    for (const Socket& socket : sockets) {
        int type = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(socket.fileno(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
            engine::throw_errno("serve on descriptor " + std::to_string(socket.fileno()));
        }
        if (type != SOCK_STREAM) {
            throw ValueError("a stream socket was expected, and " + socket.local_address().text() +
                             " has type " + std::to_string(type));
        }
        const int flags = ::fcntl(socket.fileno(), F_GETFL);
        if (flags < 0 || ::fcntl(socket.fileno(), F_SETFL, flags | O_NONBLOCK) < 0) {
            engine::throw_errno("make descriptor " + std::to_string(socket.fileno()) +
                                " non-blocking");
        }
    }
}

Socket bind_path(const std::string& path) {
    const SocketAddress address = unix_address(path);
    remove_stale_socket(path);
    std::error_code error;
    Socket socket = Socket::create(AF_UNIX, SOCK_STREAM, 0, error);
    if (!error) {
        error = socket.bind(address);
    }
    if (error) {
        throw std::system_error(error, "bind to " + address.text());
    }
    return socket;
}

} // namespace hocket::detail
