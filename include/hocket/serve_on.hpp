#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/network_options.hpp>
#include <hocket/start_server.hpp>

namespace hocket {

/// Options of `serve_on`.
struct ServeOnOptions {
    int loops = 0;             ///< The number of loops; 0: one per processor (`cpu_count`).
    ServerOptions server = {}; ///< The options of start_server.
};

namespace detail {
Coro<Server> serve_streams_on(StreamWelcome welcome, std::vector<std::string> hosts, int port,
                              ServeOnOptions options);
Coro<Server> serve_streams_on(StreamWelcome welcome, std::vector<Socket> sockets,
                              ServeOnOptions options);
Coro<Server> serve_streams_unix_on(StreamWelcome welcome, std::string path, ServeOnOptions options);
} // namespace detail

/// Starts a server on several loops, each in its own thread: `start_server` for more than one core.
/// The calling loop accepts the connections. Each connection is assigned to the loop that has the
/// fewest, and stays there.
///
/// `handler(StreamReader, StreamWriter)` runs on the loop of its connection, and therefore on
/// several threads at once, so its shared data must be safe to share. Locks, queues and events for
/// tasks belong to one loop; between loops, use `ThreadsafeQueue` and similar classes. An exception
/// that leaves the handler goes to the exception handler of its loop (see Server::on_each_loop).
///
/// The returned Server works as that of start_server, and its functions act on all loops; call them
/// on the calling loop's thread. A loop ends when the server is closed and its last connection and
/// handler have ended. Tasks that the handlers left behind are then cancelled, as at the end of
/// `run`, and wait_closed waits for that as well. If the calling loop is closed first, it ends the
/// other loops and waits for them. Throws std::system_error if it cannot listen or cannot start a
/// thread, and ValueError for a negative number of loops.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
serve_on(H&& handler, std::string_view host, int port, ServeOnOptions options = {},
         std::source_location place = std::source_location::current()) {
    return detail::serve_streams_on(detail::welcome(std::forward<H>(handler), place),
                                    std::vector<std::string>{std::string(host)}, port, options);
}
/// The same on several hosts.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
serve_on(H&& handler, const std::vector<std::string>& hosts, int port, ServeOnOptions options = {},
         std::source_location place = std::source_location::current()) {
    return detail::serve_streams_on(detail::welcome(std::forward<H>(handler), place), hosts, port,
                                    options);
}
/// The same on sockets that are already bound.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
serve_on(H&& handler, std::vector<Socket> sockets, ServeOnOptions options = {},
         std::source_location place = std::source_location::current()) {
    return detail::serve_streams_on(detail::welcome(std::forward<H>(handler), place),
                                    std::move(sockets), options);
}
/// The same on a Unix socket. A stale socket file at `path` is removed first.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
serve_on_unix(H&& handler, std::string_view path, ServeOnOptions options = {},
              std::source_location place = std::source_location::current()) {
    return detail::serve_streams_unix_on(detail::welcome(std::forward<H>(handler), place),
                                         std::string(path), options);
}

} // namespace hocket
