#include <hocket/start_server.hpp>

#include <utility>

#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/sleep.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "net/server_sockets.hpp"
#include "net/server_state.hpp"
#include "net/socket_transport.hpp"
#include "net/start_server.hpp"
#include "net/stream_state.hpp"
#include "net/tls_handshake.hpp"
#include "tls/tls_plan.hpp"

namespace hocket::detail {

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

Coro<Server> finish_server(std::shared_ptr<ServerState> server, bool start) {
    if (start) {
        server->start_serving();
        co_await Sleep(0); // one turn, as in asyncio, so that waiting clients are accepted
    }
    co_return Server(server);
}

namespace {

ServerState::Welcome welcome_protocol(EventLoop& loop, MakeProtocol make,
                                      const ServerOptions& options) {
    return [&loop, make = std::move(make), plan = plan_tls(options)](
               Socket socket, const SocketAddress& peer, std::shared_ptr<ServerState> server) {
        const auto handshake = plan ? std::make_shared<TlsHandshake>(loop) : nullptr;
        static_cast<void>(SocketTransport::open(loop, std::move(socket), peer, make(),
                                                std::move(server), plan.get(), handshake));
    };
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
    sockets.push_back(bind_path(path));
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
    try {
        std::rethrow_exception(error);
    } catch (const CancelledError&) {
        return; // ignored, as when asyncio's handler task is cancelled
    } catch (...) {
    }
    report_exception(core, "unhandled exception in a server's connection handler", error,
                     core.current);
}

// These are coroutines, so that they belong to the loop that awaits them, and not to the loop that
// runs when they are called.

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
