#include <hocket/serve_on.hpp>

#include <utility>

#include <hocket/cpu_count.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>

#include "net/server_sockets.hpp"
#include "net/start_server.hpp"

namespace hocket::detail {

namespace {

std::size_t loops_of(const ServeOnOptions& options) {
    if (options.loops < 0) {
        throw ValueError("serve_on needs loops >= 0 (0: one for each processor), not " +
                         std::to_string(options.loops));
    }
    return options.loops == 0 ? cpu_count() : static_cast<std::size_t>(options.loops);
}

std::shared_ptr<ServerState> make_spread_server(StreamWelcome welcome, std::vector<Socket> sockets,
                                                const ServeOnOptions& options) {
    auto server = std::make_shared<ServerState>(get_running_loop(), std::move(sockets), nullptr,
                                                options.server.backlog);
    server->spread(loops_of(options),
                   [&](EventLoop& loop) { return welcome_streams(loop, welcome, options.server); });
    return server;
}

} // namespace

Coro<Server> serve_streams_on(StreamWelcome welcome, std::vector<std::string> hosts, int port,
                              ServeOnOptions options) {
    std::vector<Socket> sockets = co_await bind_hosts(std::move(hosts), port, options.server);
    auto server = make_spread_server(std::move(welcome), std::move(sockets), options);
    co_return co_await finish_server(std::move(server), options.server.start_serving);
}

Coro<Server> serve_streams_on(StreamWelcome welcome, std::vector<Socket> sockets,
                              ServeOnOptions options) {
    take_over(sockets);
    auto server = make_spread_server(std::move(welcome), std::move(sockets), options);
    co_return co_await finish_server(std::move(server), options.server.start_serving);
}

Coro<Server> serve_streams_unix_on(StreamWelcome welcome, std::string path,
                                   ServeOnOptions options) {
    std::vector<Socket> sockets = only(bind_path(path));
    auto server = make_spread_server(std::move(welcome), std::move(sockets), options);
    if (options.server.cleanup_socket && !path.empty() && path.front() != '\0') {
        server->clean_up_on_close(std::move(path));
    }
    co_return co_await finish_server(std::move(server), options.server.start_serving);
}

} // namespace hocket::detail
