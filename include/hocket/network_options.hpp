#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include <hocket/option_string.hpp>

namespace hocket {

/// An address of this machine to connect from: a host (digits, or a name) and a port, 0 for any.
struct LocalAddress {
    OptionString host;
    int port = 0;
};

/// How `open_connection` and `EventLoop::create_connection` connect. The names are Python's.
struct ConnectOptions {
    /// When set, do not wait longer than this for an address before the next one is tried beside
    /// it; 250 ms is a good value. Otherwise one address is tried after the other.
    std::optional<std::chrono::nanoseconds> happy_eyeballs_delay = {};
    /// How many addresses of the first family come before the families take turns. Unset: 1 with
    /// happy_eyeballs_delay, otherwise 0, which leaves the resolver's order.
    std::optional<int> interleave = {};
    std::optional<LocalAddress> local_addr = {};
    int family = 0; ///< AF_INET, AF_INET6; 0: both.
    int proto = 0;
    int flags = 0; ///< Of getaddrinfo.
    /// When every address fails: throw an ExceptionGroup of all errors instead of one that lists
    /// them.
    bool all_errors = false;
    /// Of the StreamReader: how long a line may be; reading stops while twice as much is buffered.
    std::size_t limit = std::size_t{64} * 1024;
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
};

} // namespace hocket
