#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/option_string.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket {

/// One end of a connection: a host (an IP address or a name) and a port (0: any free port).
struct HostPort {
    OptionString host;
    int port = 0;
};
using LocalAddress = HostPort;  ///< The old name.
using RemoteAddress = HostPort; ///< The old name.

/// Options of `open_connection` and `EventLoop::create_connection`. The names are Python's.
struct ConnectOptions {
    /// If set, the next address is tried in parallel when an address has not connected after this
    /// time; 250 ms is a good value. Otherwise the addresses are tried one after the other.
    std::optional<std::chrono::nanoseconds> happy_eyeballs_delay = {};
    /// How many addresses of the first family are tried before the families alternate. Unset: 1
    /// with happy_eyeballs_delay, otherwise 0, which keeps the resolver's order.
    std::optional<int> interleave = {};
    std::optional<HostPort> local_addr = {};
    int family = 0; ///< AF_INET, AF_INET6; 0: both.
    int proto = 0;
    int flags = 0; ///< For getaddrinfo.
    /// If every address fails: throw an ExceptionGroup of all errors instead of one error that
    /// lists them.
    bool all_errors = false;
    /// The StreamReader's limit on the length of a line. Reading from the connection pauses while
    /// twice this many bytes are buffered.
    std::size_t limit = std::size_t{64} * 1024;

    SSLOption ssl = {}; ///< `true`, or an SSLContext.
    /// The name that the server's certificate must match; empty: the host that is connected to.
    OptionString server_hostname = {};
    std::optional<std::chrono::nanoseconds> ssl_handshake_timeout = {}; ///< Unset: 60 s.
    /// How long to wait for the peer's close notification when closing a connection. Unset: 30 s.
    std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout = {};
    /// The session of an earlier connection to that server, to be resumed if the server agrees.
    OptionReference<SSLSession> ssl_session = {};
};

/// Options of `start_server` and `EventLoop::create_server`. The names are Python's.
struct ServerOptions {
    int family = 0;    ///< AF_INET, AF_INET6; 0: both.
    int backlog = 100; ///< Maximum number of connections waiting to be accepted.
    bool reuse_address = true;
    bool reuse_port = false;
    bool keep_alive = false;
    bool start_serving = true; ///< False: wait for Server::start_serving or serve_forever.
    /// Unix sockets: remove the path when the server closes, if it still belongs to this server.
    bool cleanup_socket = true;
    /// The limit of the StreamReaders, as in ConnectOptions.
    std::size_t limit = std::size_t{64} * 1024;

    SSLOption ssl = {}; ///< An SSLContext with a certificate.
    std::optional<std::chrono::nanoseconds> ssl_handshake_timeout = {}; ///< Unset: 60 s.
    /// How long to wait for the client's close notification when closing a connection. Unset: 30 s.
    std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout = {};
};

/// Options of `open_datagram_endpoint` and `EventLoop::create_datagram_endpoint`. The names are
/// Python's. At least one of the addresses or the family must be given.
struct DatagramOptions {
    /// The address to receive on. An empty host means every interface, and port 0 any free port.
    /// With AF_UNIX the host is a path (an abstract name if it begins with a zero byte); a stale
    /// socket file there is removed first.
    std::optional<HostPort> local_addr = {};
    /// The only address to send to and receive from: connects the socket. With AF_UNIX the host is
    /// a path.
    std::optional<HostPort> remote_addr = {};
    int family = 0; ///< AF_INET, AF_INET6, AF_UNIX; 0: the family of the addresses.
    int proto = 0;
    int flags = 0; ///< For getaddrinfo.
    bool reuse_port = false;
    /// Allows remote_addr to be a broadcast address. The socket is then not connected, and receives
    /// from any sender.
    bool allow_broadcast = false;
    /// For a DatagramEndpoint: while more than this many bytes (plus eight for each datagram) are
    /// queued for recv, nothing more is read from the kernel.
    std::size_t limit = std::size_t{64} * 1024;
};

} // namespace hocket
