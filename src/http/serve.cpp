#include <hocket/http/serve.hpp>

#include <memory>
#include <optional>

#include <hocket/cpu_count.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "http/application.hpp"
#include "http/connection.hpp"
#include "net/server_sockets.hpp"
#include "net/server_state.hpp"
#include "net/socket_transport.hpp"
#include "net/start_server.hpp"
#include "net/tls_handshake.hpp"
#include "tls/tls_plan.hpp"

namespace hocket::http {
namespace {

using hocket::detail::ServerState;

void require_positive(const char* name, bool is_positive) {
    if (!is_positive) {
        throw ValueError(std::string("ServeLimits::") + name + " must be greater than zero");
    }
}

void check(const ServeLimits& limits) {
    const std::chrono::nanoseconds zero{};
    require_positive("target", limits.target > 0);
    require_positive("head", limits.head > 0);
    require_positive("fields", limits.fields > 0);
    require_positive("buffer", limits.buffer > 0);
    require_positive("head_time", limits.head_time > zero);
    require_positive("idle_time", limits.idle_time > zero);
    require_positive("body_time", limits.body_time > zero);
    require_positive("write_time", limits.write_time > zero);
}

/// A server that is about to start: a copy of what the caller has passed.
struct Setup {
    std::shared_ptr<const detail::Application> application;
    ServerOptions server;
    std::shared_ptr<const hocket::detail::TlsPlan> tls;
    std::optional<std::size_t> loops; // empty: the caller's loop

    Setup(const Router& router, const ServeOptions& options, std::optional<int> wanted)
        : server(options.server) {
        check(options.limits);
        if (wanted && *wanted < 0) {
            throw ValueError("serve_on needs loops >= 0 (0: one for each processor), not " +
                             std::to_string(*wanted));
        }
        if (wanted) loops = *wanted == 0 ? cpu_count() : static_cast<std::size_t>(*wanted);
        if (server.ssl.is_set() && !server.ssl_handshake_timeout) {
            server.ssl_handshake_timeout = options.limits.head_time;
        }
        tls = hocket::detail::plan_tls(server);
        server.ssl = {};
        const AccessLog* const log = options.access_log.get();
        application = std::make_shared<const detail::Application>(detail::Application{
            router.table(), options.limits, log != nullptr ? *log : AccessLog()});
    }

    [[nodiscard]] ServerState::Welcome welcome(EventLoop& loop) const {
        return [&loop, plan = tls, state = std::make_shared<detail::LoopState>(loop, application)](
                   Socket socket, const SocketAddress& peer, std::shared_ptr<ServerState> owner) {
            const auto handshake =
                plan ? std::make_shared<hocket::detail::TlsHandshake>(loop) : nullptr;
            const auto connection = std::make_shared<detail::Connection>(state, owner);
            static_cast<void>(hocket::detail::SocketTransport::open(
                loop, std::move(socket), peer, hocket::detail::AnyProtocol(connection),
                std::move(owner), plan.get(), handshake));
        };
    }
};

Coro<Server> start(Setup setup, std::vector<Socket> sockets, std::string path = {}) {
    EventLoop& loop = get_running_loop();
    const int backlog = setup.server.backlog;
    std::shared_ptr<ServerState> server;
    if (setup.loops) {
        server = std::make_shared<ServerState>(loop, std::move(sockets), nullptr, backlog);
        server->spread(*setup.loops, [&](EventLoop& each) { return setup.welcome(each); });
    } else {
        server =
            std::make_shared<ServerState>(loop, std::move(sockets), setup.welcome(loop), backlog);
    }
    if (!path.empty() && path.front() != '\0' && setup.server.cleanup_socket) {
        server->clean_up_on_close(std::move(path));
    }
    co_return co_await hocket::detail::finish_server(std::move(server), setup.server.start_serving);
}

Coro<Server> serve_host(Setup setup, std::string host, int port) {
    std::vector<std::string> hosts;
    hosts.push_back(std::move(host));
    std::vector<Socket> sockets =
        co_await hocket::detail::bind_hosts(std::move(hosts), port, setup.server);
    co_return co_await start(std::move(setup), std::move(sockets));
}

Coro<Server> serve_sockets(Setup setup, std::vector<Socket> sockets) {
    hocket::detail::take_over(sockets);
    co_return co_await start(std::move(setup), std::move(sockets));
}

Coro<Server> serve_path(Setup setup, std::string path) {
    std::vector<Socket> sockets = hocket::detail::only(hocket::detail::bind_path(path));
    co_return co_await start(std::move(setup), std::move(sockets), std::move(path));
}

} // namespace

Coro<Server> serve(Router router, std::string host, int port, ServeOptions options) {
    return serve_host(Setup(router, options, {}), std::move(host), port);
}
Coro<Server> serve(Router router, std::vector<Socket> sockets, ServeOptions options) {
    return serve_sockets(Setup(router, options, {}), std::move(sockets));
}
Coro<Server> serve_unix(Router router, std::string path, ServeOptions options) {
    return serve_path(Setup(router, options, {}), std::move(path));
}
Coro<Server> serve_on(Router router, std::string host, int port, int loops, ServeOptions options) {
    return serve_host(Setup(router, options, loops), std::move(host), port);
}
Coro<Server> serve_on(Router router, std::vector<Socket> sockets, int loops, ServeOptions options) {
    return serve_sockets(Setup(router, options, loops), std::move(sockets));
}

} // namespace hocket::http
