#pragma once

#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/network_options.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>

namespace hocket {

/// Both ends of a connection: `auto [reader, writer] = co_await open_connection(host, port);`
struct Connection {
    StreamReader reader;
    StreamWriter writer;
};

/// Connects to `host` (empty: this machine), which is resolved and whose addresses are tried in
/// order, and yields streams on the connection. Throws std::system_error with every address that
/// was tried and what it said. Cancelling gives up. ValueError for a port that is none.
Coro<Connection> open_connection(std::string_view host, int port, ConnectOptions options = {});

/// The same to a Unix socket; a path that begins with a zero byte is an abstract name. Of the
/// options, only `limit` matters.
Coro<Connection> open_unix_connection(std::string_view path, ConnectOptions options = {});

} // namespace hocket
