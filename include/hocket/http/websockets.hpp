#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/http/request.hpp>
#include <hocket/http/response.hpp>
#include <hocket/http/websocket_connection.hpp>
#include <hocket/http/websocket_options.hpp>
#include <hocket/server.hpp>

/// WebSocket, with the names of Python's websockets. wslay knows the frames.
namespace hocket::websockets {

/// A coroutine function that is called for each connection of a server. When it ends, the
/// connection is closed with 1000, or with 1011 if it throws.
template <class F>
concept ConnectionHandler = std::is_invocable_r_v<Coro<>, std::decay_t<F>&, Connection>;

/// Connects to "ws://host:port/path" or "wss://…".
///
///     auto socket = co_await hocket::websockets::connect("ws://127.0.0.1:8765/");
///     co_await socket.send("hello");
///     hocket::websockets::Message answer = co_await socket.recv();
///
/// Throws InvalidURI, ValueError for headers that HTTP does not allow, std::system_error and
/// SSLError if it cannot connect, TimeoutError after `open_timeout`, and InvalidHandshake.
Coro<Connection> connect(std::string_view uri, const ConnectOptions& options = {});

/// Answers a request that asks for WebSocket, in a handler of http::serve:
///
///     hocket::Coro<> chat(hocket::websockets::Connection socket);
///
///     hocket::http::Router router;
///     router.get("/chat", [](hocket::http::Request& request) {
///         return hocket::websockets::accept(request, chat);
///     });
///
/// The response is 101, or 400, 403 or 426 if the request does not ask for WebSocket as it should.
template <ConnectionHandler F>
http::Response accept(http::Request& request, F&& handler, const AcceptOptions& options = {});

/// A server on every path that calls `handler(connection)` for each connection. Port 0: any free
/// port. An exception of a handler goes to the loop's exception handler.
template <ConnectionHandler F>
Coro<Server> serve(F&& handler, std::string_view host, int port, const AcceptOptions& options = {});

namespace detail {

using Handler = std::function<Coro<>(Connection)>;
http::Response accept(http::Request& request, Handler handler, const AcceptOptions& options);
Coro<Server> serve(Handler handler, std::string_view host, int port, const AcceptOptions& options);

} // namespace detail

template <ConnectionHandler F>
http::Response accept(http::Request& request, F&& handler, const AcceptOptions& options) {
    return detail::accept(request, detail::Handler(std::forward<F>(handler)), options);
}

template <ConnectionHandler F>
Coro<Server> serve(F&& handler, std::string_view host, int port, const AcceptOptions& options) {
    return detail::serve(detail::Handler(std::forward<F>(handler)), host, port, options);
}

} // namespace hocket::websockets
