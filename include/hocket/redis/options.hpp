#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include <hocket/option_string.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket::redis {

/// Options of a Client. Where redis-py has a name for one, it is that.
struct ClientOptions {
    OptionString host = "localhost";
    int port = 6379;
    OptionString path = {}; ///< A Unix socket: redis-py's unix_socket_path. Then host is not used.
    OptionString username = {}; ///< Empty: the server's default user.
    OptionString password = {}; ///< Empty: no authentication.
    int db = 0;
    OptionString client_name = {}; ///< Shown by CLIENT LIST.
    SSLOption ssl = {};            ///< `true`, or an SSLContext, which the client shares.

    /// How many connections the commands of all tasks share.
    std::size_t connections = 1;
    /// How many more connections there may be, for what needs one of its own: blocking commands,
    /// transactions with watched keys.
    std::size_t max_connections = 16;
    /// How long to wait for one of them to become free.
    std::chrono::milliseconds pool_timeout = std::chrono::seconds(20);

    /// For connecting once, with the authentication.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
    /// How long the server may be silent while a command waits for its reply: redis-py's
    /// socket_timeout.
    std::chrono::milliseconds timeout = std::chrono::seconds(10);
    /// How often connecting is tried again before the waiting commands fail. The pauses between the
    /// attempts double from `backoff` to `max_backoff`, and vary by up to a half at random.
    int retries = 5;
    std::chrono::milliseconds backoff{10};
    std::chrono::milliseconds max_backoff{1000};

    /// The largest reply, in bytes of memory. With a larger one, the connection is closed.
    std::size_t max_reply_size = std::size_t{64} * 1024 * 1024;
};

/// Options from a URL: `redis://[[user]:password@]host[:port][/db]`, `rediss://…` with TLS, or
/// `unix://[[user]:password@]/path[?db=n]`. User and password may contain %-escapes. Throws
/// ValueError if it is malformed.
[[nodiscard]] ClientOptions parse_url(std::string_view url, ClientOptions options = {});

} // namespace hocket::redis
