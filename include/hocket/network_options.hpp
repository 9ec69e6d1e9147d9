#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/option_string.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket {

/// One end of a connection: a host (an IP address or a name) and a port, 0 for any free one.
struct HostPort {
    OptionString host;
    int port = 0;
};
using LocalAddress = HostPort;  ///< The old name.
using RemoteAddress = HostPort; ///< The old name.

/// How `open_connection` and `EventLoop::create_connection` connect. The names are Python's.
struct ConnectOptions {
    /// When set, do not wait longer than this for an address before the next one is tried beside
    /// it; 250 ms is a good value. Otherwise one address is tried after the other.
    std::optional<std::chrono::nanoseconds> happy_eyeballs_delay = {};
    /// How many addresses of the first family come before the families take turns. Unset: 1 with
    /// happy_eyeballs_delay, otherwise 0, which leaves the resolver's order.
    std::optional<int> interleave = {};
    std::optional<HostPort> local_addr = {};
    int family = 0; ///< AF_INET, AF_INET6; 0: both.
    int proto = 0;
    int flags = 0; ///< Of getaddrinfo.
    /// When every address fails: throw an ExceptionGroup of all errors instead of one that lists
    /// them.
    bool all_errors = false;
    /// Of the StreamReader: how long a line may be; reading stops while twice as much is buffered.
    std::size_t limit = std::size_t{64} * 1024;

    SSLOption ssl = {}; ///< `true`, or an SSLContext.
    /// Whom the server's certificate must be for; empty: the host that is connected to.
    OptionString server_hostname = {};
    std::optional<std::chrono::nanoseconds> ssl_handshake_timeout = {}; ///< Unset: 60 s.
    /// For the peer's goodbye, when a connection is closed. Unset: 30 s.
    std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout = {};
    /// Of an earlier connection to that server, to be resumed if the server will.
    OptionReference<SSLSession> ssl_session = {};
};

/// How `start_server` and `EventLoop::create_server` serve. The names are Python's.
struct ServerOptions {
    int family = 0;    ///< AF_INET, AF_INET6; 0: both.
    int backlog = 100; ///< Connections that may wait to be accepted.
    bool reuse_address = true;
    bool reuse_port = false;
    bool keep_alive = false;
    bool start_serving = true; ///< False: only from Server::start_serving or serve_forever on.
    /// Unix sockets: remove the path when the server closes, if it is still this server's.
    bool cleanup_socket = true;
    /// Of the StreamReaders, as in ConnectOptions.
    std::size_t limit = std::size_t{64} * 1024;

    SSLOption ssl = {}; ///< An SSLContext with a certificate.
    std::optional<std::chrono::nanoseconds> ssl_handshake_timeout = {}; ///< Unset: 60 s.
    /// For the client's goodbye, when a connection is closed. Unset: 30 s.
    std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout = {};
};

/// How `open_datagram_endpoint` and `EventLoop::create_datagram_endpoint` make their socket. The
/// names are Python's. At least one of the addresses or the family must be given.
struct DatagramOptions {
    /// Where to receive: an empty host means every interface, port 0 a free one. With AF_UNIX the
    /// host is a path (an abstract name when it begins with a zero byte); a stale socket file there
    /// is removed first.
    std::optional<HostPort> local_addr = {};
    /// Where everything is sent, and from where alone is received: connects the socket. With
    /// AF_UNIX the host is a path.
    std::optional<HostPort> remote_addr = {};
    int family = 0; ///< AF_INET, AF_INET6, AF_UNIX; 0: what the addresses are.
    int proto = 0;
    int flags = 0; ///< Of getaddrinfo.
    bool reuse_port = false;
    /// Allows remote_addr to be a broadcast address: the socket is not connected then, and receives
    /// from everybody.
    bool allow_broadcast = false;
    /// Of a DatagramEndpoint: while more than so many bytes (eight more for each datagram) wait for
    /// recv, nothing is taken from the kernel.
    std::size_t limit = std::size_t{64} * 1024;
};

} // namespace hocket
