#include <hocket/start_server.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <hocket/event_loop.hpp>
#include <hocket/sleep.hpp>

#include "event_loop_state.hpp"
#include "host_addresses.hpp"
#include "report.hpp"
#include "server_state.hpp"
#include "socket_transport.hpp"
#include "stream_state.hpp"
#include "tls_handshake.hpp"
#include "tls_plan.hpp"

namespace hocket::detail {

namespace {

ServerState::Welcome welcome_streams(EventLoop& loop, StreamWelcome welcome,
                                     const ServerOptions& options) {
    if (options.limit == 0) {
        throw ValueError("the limit of a StreamReader cannot be 0");
    }
    const std::size_t limit = options.limit;
    auto plan = plan_tls(options);
    if (!plan) {
        return [&loop, welcome = std::move(welcome),
                limit](Socket socket, const SocketAddress& peer,
                       const std::shared_ptr<ServerState>& server) {
            const auto stream = StreamState::open(loop, std::move(socket), peer, limit, server);
            welcome(stream->reader(), StreamWriter(stream), server);
        };
    }
    return [&loop, welcome = std::make_shared<StreamWelcome>(std::move(welcome)), limit,
            plan = std::move(plan)](Socket socket, const SocketAddress& peer,
                                    const std::shared_ptr<ServerState>& server) {
        const auto handshake = std::make_shared<TlsHandshake>(loop);
        StreamState& stream =
            *StreamState::open(loop, std::move(socket), peer, limit, server, plan.get(), handshake);
        handshake->when_done(stream, [&stream, welcome, server] {
            (*welcome)(stream.reader(), StreamWriter(stream.shared_from_this()), server);
        });
    };
}

ServerState::Welcome welcome_protocol(EventLoop& loop, MakeProtocol make,
                                      const ServerOptions& options) {
    return [&loop, make = std::move(make), plan = plan_tls(options)](
               Socket socket, const SocketAddress& peer, std::shared_ptr<ServerState> server) {
        const auto handshake = plan ? std::make_shared<TlsHandshake>(loop) : nullptr;
        static_cast<void>(SocketTransport::open(loop, std::move(socket), peer, make(),
                                                std::move(server), plan.get(), handshake));
    };
}

/// A bound socket; not open when the address is not (any more) this machine's, which asyncio skips
/// too.
Socket bind_socket(const SocketAddress& address, const ServerOptions& options) {
    std::error_code error;
    Socket socket = Socket::create(address.family(), SOCK_STREAM, 0, error);
    if (error) {
        return socket; // the family is not there
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
        socket.set_ipv6_only(true); // the IPv4 address has a socket of its own
    }
    error = socket.bind(address);
    if (error == std::errc::address_not_available) {
        socket.close();
    } else if (error) {
        throw std::system_error(error, "bind to " + address.text());
    }
    return socket;
}

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

/// Sockets that somebody else has bound, as servers need them.
void take_over(const std::vector<Socket>& sockets) {
    if (sockets.empty()) {
        throw ValueError("a server needs at least one socket");
    }
    for (const Socket& socket : sockets) {
        int type = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(socket.fd(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
            throw std::system_error(errno, std::system_category(),
                                    "serve on descriptor " + std::to_string(socket.fd()));
        }
        if (type != SOCK_STREAM) {
            throw ValueError("a stream socket was expected, and " + socket.local_address().text() +
                             " has type " + std::to_string(type));
        }
        const int flags = ::fcntl(socket.fd(), F_GETFL);
        if (flags < 0 || ::fcntl(socket.fd(), F_SETFL, flags | O_NONBLOCK) < 0) {
            throw std::system_error(errno, std::system_category(),
                                    "make descriptor " + std::to_string(socket.fd()) +
                                        " non-blocking");
        }
    }
}

Socket bind_path(const std::string& path, const SocketAddress& address) {
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

Coro<Server> finish_server(std::shared_ptr<ServerState> server, bool start) {
    if (start) {
        server->start_serving();
        co_await Sleep(
            0); // one turn, as in asyncio: clients that wait already are accepted by then
    }
    co_return Server(server);
}

Coro<Server> serve_hosts(EventLoop& loop, ServerState::Welcome welcome,
                         std::vector<std::string> hosts, int port, ServerOptions options) {
    std::vector<Socket> sockets = co_await bind_hosts(std::move(hosts), port, options);
    auto server = std::make_shared<ServerState>(loop, std::move(sockets), std::move(welcome),
                                                options.backlog);
    co_return co_await finish_server(std::move(server), options.start_serving);
}

Coro<Server> serve_sockets(EventLoop& loop, ServerState::Welcome welcome,
                           std::vector<Socket> sockets, ServerOptions options) {
    take_over(sockets);
    auto server = std::make_shared<ServerState>(loop, std::move(sockets), std::move(welcome),
                                                options.backlog);
    co_return co_await finish_server(std::move(server), options.start_serving);
}

Coro<Server> serve_path(EventLoop& loop, ServerState::Welcome welcome, std::string path,
                        ServerOptions options) {
    std::vector<Socket> sockets;
    sockets.push_back(bind_path(path, unix_address(path)));
    auto server = std::make_shared<ServerState>(loop, std::move(sockets), std::move(welcome),
                                                options.backlog);
    if (options.cleanup_socket && !path.empty() && path.front() != '\0') {
        server->clean_up_on_close(std::move(path));
    }
    co_return co_await finish_server(std::move(server), options.start_serving);
}

EventLoop& running_loop() { return *require_running_core().loop; }

} // namespace

void report_handler_failure(const std::exception_ptr& error) noexcept {
    LoopCore& core = require_running_core();
    report_exception(core, "unhandled exception in a server's connection handler", error,
                     core.current);
}

// Coroutines, so that they belong to the loop that awaits them, and not to whichever runs as they
// are called.

Coro<Server> serve_streams(StreamWelcome welcome, std::vector<std::string> hosts, int port,
                           ServerOptions options) {
    EventLoop& loop = running_loop();
    auto on_accept = welcome_streams(loop, std::move(welcome), options);
    co_return co_await serve_hosts(loop, std::move(on_accept), std::move(hosts), port, options);
}

Coro<Server> serve_streams(StreamWelcome welcome, std::vector<Socket> sockets,
                           ServerOptions options) {
    EventLoop& loop = running_loop();
    auto on_accept = welcome_streams(loop, std::move(welcome), options);
    co_return co_await serve_sockets(loop, std::move(on_accept), std::move(sockets), options);
}

Coro<Server> serve_streams_unix(StreamWelcome welcome, std::string path, ServerOptions options) {
    EventLoop& loop = running_loop();
    auto on_accept = welcome_streams(loop, std::move(welcome), options);
    co_return co_await serve_path(loop, std::move(on_accept), std::move(path), options);
}

Coro<Server> serve_protocol(MakeProtocol make, std::vector<std::string> hosts, int port,
                            ServerOptions options) {
    EventLoop& loop = running_loop();
    auto on_accept = welcome_protocol(loop, std::move(make), options);
    co_return co_await serve_hosts(loop, std::move(on_accept), std::move(hosts), port, options);
}

Coro<Server> serve_protocol(MakeProtocol make, std::vector<Socket> sockets, ServerOptions options) {
    EventLoop& loop = running_loop();
    auto on_accept = welcome_protocol(loop, std::move(make), options);
    co_return co_await serve_sockets(loop, std::move(on_accept), std::move(sockets), options);
}

Coro<Server> serve_protocol_unix(MakeProtocol make, std::string path, ServerOptions options) {
    EventLoop& loop = running_loop();
    auto on_accept = welcome_protocol(loop, std::move(make), options);
    co_return co_await serve_path(loop, std::move(on_accept), std::move(path), options);
}

} // namespace hocket::detail
