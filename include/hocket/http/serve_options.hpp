#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <hocket/http/access_record.hpp>
#include <hocket/network_options.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket::http {

/// How much of everything the server takes from a client, and how long it waits for it.
struct ServeLimits {
    std::size_t target = 8 * 1024;    ///< Bytes of the request target; otherwise 414.
    std::size_t head = 16 * 1024;     ///< Bytes of the head, or of the trailers; otherwise 431.
    std::size_t fields = 100;         ///< Header fields, or trailer fields; otherwise 431.
    std::uint64_t body = 1024 * 1024; ///< Bytes of the body; otherwise 413. See set_limit.
    std::size_t buffer = 64 * 1024;   ///< Bytes received ahead of what the handlers have read.

    /// From the first byte of a request to the end of its head; otherwise 408. Also for the TLS
    /// handshake.
    std::chrono::nanoseconds head_time = std::chrono::seconds(20);
    /// How long a connection may be silent between two requests.
    std::chrono::nanoseconds idle_time = std::chrono::seconds(60);
    /// How long a handler waits for a client that sends less than `body_rate`; otherwise 408.
    std::chrono::nanoseconds body_time = std::chrono::seconds(20);
    /// Bytes in a second, after `body_time`.
    std::uint64_t body_rate = 240;
    /// How long a client may take no byte of an answer that waits for it; the connection is then
    /// aborted.
    std::chrono::nanoseconds write_time = std::chrono::seconds(60);
};

/// Options of `serve` and `serve_on`.
struct ServeOptions {
    ServerOptions server = {}; ///< `ssl`, `backlog` and so on.
    ServeLimits limits = {};
    /// Called after each answer. A named variable, which the server copies. See log_to.
    OptionReference<AccessLog> access_log = {};
};

} // namespace hocket::http
