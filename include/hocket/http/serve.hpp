#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/net/one_socket.hpp>
#include <hocket/http/router.hpp>
#include <hocket/http/serve_options.hpp>
#include <hocket/server.hpp>
#include <hocket/socket.hpp>

namespace hocket::http {

/// Listens on `host` (empty: every interface) and `port` (0: any free port) and answers requests of
/// HTTP/1.1 and HTTP/1.0 with the router's handlers. Throws std::system_error if it cannot listen,
/// and ValueError for a limit of 0.
///
/// A connection answers one request after the other, in the order in which they arrive. A handler
/// is cancelled when its connection is lost. An exception that leaves it is answered with 500 and
/// goes to the loop's exception handler, unless it is a StatusError.
///
/// Server::drain stops listening, closes the connections that are not in a request, and lets the
/// others finish theirs, whose answers then say `Connection: close`.
Coro<Server> serve(Router router, std::string host, int port, ServeOptions options = {});
/// The same on sockets that are already bound, including Unix sockets.
Coro<Server> serve(Router router, std::vector<Socket> sockets, ServeOptions options = {});
/// The same on a Unix socket. A stale socket file at `path` is removed first.
Coro<Server> serve_unix(Router router, std::string path, ServeOptions options = {});

/// Serves on `loops` loops, each in its own thread (0: one for each processor): see
/// hocket::serve_on. The handlers run on several threads at once.
Coro<Server> serve_on(Router router, std::string host, int port, int loops,
                      ServeOptions options = {});
Coro<Server> serve_on(Router router, std::vector<Socket> sockets, int loops,
                      ServeOptions options = {});

} // namespace hocket::http
