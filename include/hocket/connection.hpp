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
/// With `{.ssl = true}` they speak TLS with `host`, whose certificate must be signed by somebody
/// the system trusts; `{.ssl = context}` says otherwise. A handshake that fails throws SSLError,
/// SSLCertVerificationError or std::system_error.
Coro<Connection> open_connection(std::string_view host, int port, ConnectOptions options = {});

/// The same to a Unix socket; a path that begins with a zero byte is an abstract name. Of the
/// options, only `limit` and those of TLS matter, which must have a server_hostname.
Coro<Connection> open_unix_connection(std::string_view path, ConnectOptions options = {});

} // namespace hocket
