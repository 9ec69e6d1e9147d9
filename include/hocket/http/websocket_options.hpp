#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include <hocket/http/headers.hpp>
#include <hocket/http/serve_options.hpp>
#include <hocket/network_options.hpp>
#include <hocket/option_string.hpp>

namespace hocket::websockets {

/// Names of protocols or origins, best first.
using Names = std::vector<std::string>;

// Names and defaults are those of Python's websockets, where no value means no limit. Both structs
// begin with the same options, because a struct in braces cannot name the members of a base.

/// Options of `connect`.
struct ConnectOptions {
    /// The largest message that is accepted; a larger one closes the connection with 1009.
    std::size_t max_size = std::size_t{1024} * 1024;
    /// While more messages, or 4 times `max_size` bytes, wait to be received, nothing is read from
    /// the connection.
    std::size_t max_queue = 16;
    /// How often the peer is pinged, and how long its answer may take; otherwise the connection is
    /// closed with 1011.
    std::optional<std::chrono::nanoseconds> ping_interval = std::chrono::seconds(20);
    std::optional<std::chrono::nanoseconds> ping_timeout = std::chrono::seconds(20);
    /// How long the peer may take to close the connection after a close frame.
    std::optional<std::chrono::nanoseconds> close_timeout = std::chrono::seconds(10);

    OptionReference<http::Headers> additional_headers = {};
    OptionReference<Names> subprotocols = {};
    OptionString origin = {};
    std::optional<std::chrono::nanoseconds> open_timeout = std::chrono::seconds(10);
    /// For wss URIs: an SSLContext instead of the default one.
    OptionReference<SSLContext> ssl = {};
    OptionString server_hostname = {}; ///< Instead of the URI's host, for the certificate.
};

/// Options of `serve` and `accept`. The first ones are those of ConnectOptions.
struct AcceptOptions {
    std::size_t max_size = std::size_t{1024} * 1024;
    std::size_t max_queue = 16;
    std::optional<std::chrono::nanoseconds> ping_interval = std::chrono::seconds(20);
    std::optional<std::chrono::nanoseconds> ping_timeout = std::chrono::seconds(20);
    std::optional<std::chrono::nanoseconds> close_timeout = std::chrono::seconds(10);

    /// The protocols that this server speaks; the first of its own that the client offers is used.
    OptionReference<Names> subprotocols = {};
    /// If given, the only values of the Origin header that are accepted. Browsers send it, so this
    /// keeps other sites from using their users' connections.
    OptionReference<Names> origins = {};
    /// For `serve`.
    http::ServeOptions http = {};
};

} // namespace hocket::websockets
