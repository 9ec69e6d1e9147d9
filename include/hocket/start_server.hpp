#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/detail/net/client_handler.hpp>
#include <hocket/network_options.hpp>
#include <hocket/server.hpp>

namespace hocket {

/// Listens on `host` (empty: every interface) and `port` (0: any free port), and calls
/// `handler(StreamReader, StreamWriter)` for each connection; if it returns a Coro, that runs as a
/// task of the loop. An exception that leaves the handler goes to the loop's exception handler, and
/// the connection is closed. The handler is kept as long as the server and its tasks. Throws
/// std::system_error if it cannot listen.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
start_server(H&& handler, std::string_view host, int port, ServerOptions options = {},
             std::source_location place = std::source_location::current()) {
    return detail::serve_streams(detail::welcome(std::forward<H>(handler), place),
                                 std::vector<std::string>{std::string(host)}, port, options);
}
/// The same on several hosts.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
start_server(H&& handler, const std::vector<std::string>& hosts, int port,
             ServerOptions options = {},
             std::source_location place = std::source_location::current()) {
    return detail::serve_streams(detail::welcome(std::forward<H>(handler), place), hosts, port,
                                 options);
}
/// The same on sockets that are already bound, including Unix sockets: Python's `sock`. For
/// example, the sockets returned by `listen_fds`. Throws ValueError if one is not a stream socket.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
start_server(H&& handler, std::vector<Socket> sockets, ServerOptions options = {},
             std::source_location place = std::source_location::current()) {
    return detail::serve_streams(detail::welcome(std::forward<H>(handler), place),
                                 std::move(sockets), options);
}
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
start_server(H&& handler, Socket socket, ServerOptions options = {},
             std::source_location place = std::source_location::current()) {
    return start_server(std::forward<H>(handler), detail::only(std::move(socket)), options, place);
}
/// The same on a Unix socket. A stale socket file at `path` is removed first.
template <detail::ConnectionHandler H>
detail::MadeOf<Coro<Server>, H>
start_unix_server(H&& handler, std::string_view path, ServerOptions options = {},
                  std::source_location place = std::source_location::current()) {
    return detail::serve_streams_unix(detail::welcome(std::forward<H>(handler), place),
                                      std::string(path), options);
}

} // namespace hocket
