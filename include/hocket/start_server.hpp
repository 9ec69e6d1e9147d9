#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/network_options.hpp>
#include <hocket/server.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>
#include <hocket/task.hpp>

namespace hocket {

namespace detail {

/// Called with the streams of each client of a server.
using StreamWelcome =
    std::function<void(StreamReader, StreamWriter, const std::shared_ptr<ServerState>&)>;

template <class H>
concept ConnectionHandler = std::invocable<std::decay_t<H>&, StreamReader, StreamWriter>;

void report_handler_failure(const std::exception_ptr& error) noexcept;

/// The task of one client: keeps the handler alive, and closes the connection if the handler fails.
template <class H>
Coro<> handle_client(std::shared_ptr<H> handler, StreamReader reader, StreamWriter writer,
                     std::shared_ptr<ServerState> server) {
    const RunningHandler listed(*server);
    StreamWriter own = writer;
    try {
        co_await std::invoke(*handler, std::move(reader), std::move(writer));
    } catch (const CancelledError&) {
        own.close();
        throw;
    } catch (...) {
        report_handler_failure(std::current_exception());
        own.close();
    }
}

template <ConnectionHandler H> StreamWelcome welcome(H&& handler, std::source_location place) {
    auto shared = std::make_shared<std::decay_t<H>>(std::forward<H>(handler));
    if constexpr (is_coro<std::invoke_result_t<std::decay_t<H>&, StreamReader, StreamWriter>>) {
        return [shared, place](StreamReader reader, StreamWriter writer,
                               const std::shared_ptr<ServerState>& server) {
            create_task(handle_client(shared, std::move(reader), std::move(writer), server), {},
                        place);
        };
    } else {
        return [shared](StreamReader reader, StreamWriter writer,
                        const std::shared_ptr<ServerState>&) {
            std::invoke(*shared, std::move(reader), std::move(writer));
        };
    }
}

Coro<Server> serve_streams(StreamWelcome welcome, std::vector<std::string> hosts, int port,
                           ServerOptions options);
Coro<Server> serve_streams(StreamWelcome welcome, std::vector<Socket> sockets,
                           ServerOptions options);
Coro<Server> serve_streams_unix(StreamWelcome welcome, std::string path, ServerOptions options);

} // namespace detail

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
