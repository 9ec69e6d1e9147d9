#pragma once

#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/network_options.hpp>
#include <hocket/stream_reader.hpp>
#include <hocket/stream_writer.hpp>

namespace hocket {

/// The two streams of a connection: `auto [reader, writer] = co_await open_connection(host, port);`
struct Connection {
    StreamReader reader;
    StreamWriter writer;
};

/// Connects to `host` (empty: this machine) and returns the connection's streams. The name is
/// resolved, and its addresses are tried in order. If all of them fail, throws a std::system_error
/// that lists each address and its error. Throws ValueError if the port is out of range. Cancelling
/// abandons the attempt.
///
/// With `{.ssl = true}` the connection uses TLS, and the certificate of `host` must be signed by an
/// authority that the system trusts; `{.ssl = context}` sets other rules. A failed handshake throws
/// SSLError, SSLCertVerificationError or std::system_error.
Coro<Connection> open_connection(std::string_view host, int port, ConnectOptions options = {});

/// The same for a Unix socket. A path that begins with a zero byte is an abstract name. Of the
/// options, only `limit` and the TLS options are used; TLS requires `server_hostname`.
Coro<Connection> open_unix_connection(std::string_view path, ConnectOptions options = {});

} // namespace hocket
