#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/network_options.hpp>
#include <hocket/start_server.hpp>

namespace hocket {

/// How `serve_on` serves.
struct ServeOnOptions {
    int loops = 0;             ///< How many; 0: one for each processor (`cpu_count`).
    ServerOptions server = {}; ///< As for start_server.
};

namespace detail {
Coro<Server> serve_streams_on(StreamWelcome welcome, std::vector<std::string> hosts, int port,
                              ServeOnOptions options);
Coro<Server> serve_streams_on(StreamWelcome welcome, std::vector<Socket> sockets,
                              ServeOnOptions options);
Coro<Server> serve_streams_unix_on(StreamWelcome welcome, std::string path, ServeOnOptions options);
} // namespace detail

/// A server on several loops, each in a thread of its own: `start_server` for more than one core.
/// The loop that calls it accepts; each connection goes to the loop that has the fewest, and stays
/// there.
///
/// `handler(StreamReader, StreamWriter)` runs on the loop of its connection, and so on several
/// threads at once: what it shares with others must be safe to share. Locks, queues and events of
/// tasks belong to one loop; `ThreadsafeQueue` and its like are for several. An exception that
/// leaves it goes to that loop's exception handler (see Server::on_each_loop).
///
/// The Server is that of start_server, and its functions reach every loop; they are for the calling
/// loop's thread. A loop ends when the server is closed and its last connection and handler are
/// gone: tasks that handlers have left behind are cancelled then, as at the end of `run`, and
/// wait_closed waits for that too. When the calling loop is closed first, the others are ended,
/// and waited for. Throws std::system_error when it cannot listen or has no thread, ValueError for
/// a negative number of loops.
template <detail::ConnectionHandler H>
Coro<Server> serve_on(H handler, std::string_view host, int port, ServeOnOptions options = {},
                      std::source_location place = std::source_location::current()) {
    return detail::serve_streams_on(detail::welcome(std::move(handler), place),
                                    std::vector<std::string>{std::string(host)}, port, options);
}
/// The same on several hosts.
template <detail::ConnectionHandler H>
Coro<Server> serve_on(H handler, const std::vector<std::string>& hosts, int port,
                      ServeOnOptions options = {},
                      std::source_location place = std::source_location::current()) {
    return detail::serve_streams_on(detail::welcome(std::move(handler), place), hosts, port,
                                    options);
}
/// The same on sockets that are bound already.
template <detail::ConnectionHandler H>
Coro<Server> serve_on(H handler, std::vector<Socket> sockets, ServeOnOptions options = {},
                      std::source_location place = std::source_location::current()) {
    return detail::serve_streams_on(detail::welcome(std::move(handler), place), std::move(sockets),
                                    options);
}
/// The same on a Unix socket; a stale socket file at `path` is removed first.
template <detail::ConnectionHandler H>
Coro<Server> serve_on_unix(H handler, std::string_view path, ServeOnOptions options = {},
                           std::source_location place = std::source_location::current()) {
    return detail::serve_streams_unix_on(detail::welcome(std::move(handler), place),
                                         std::string(path), options);
}

} // namespace hocket
