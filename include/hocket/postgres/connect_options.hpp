#pragma once

#include <chrono>
#include <cstddef>

#include <hocket/option_string.hpp>

namespace hocket::postgres {

/// How to connect. What is empty comes from the DSN, else from libpq's environment variables
/// (PGHOST and so on) and defaults.
struct ConnectOptions {
    /// libpq's connection string or URI, with any of its parameters:
    /// "postgresql://user@host/database?sslmode=verify-full&application_name=shop".
    OptionString dsn = {};
    OptionString host = {}; ///< A name, an address, or the folder of a Unix socket.
    int port = 0;
    OptionString user = {};
    OptionString password = {};
    OptionString database = {};
    /// The limit for connecting, with name resolution and TLS.
    std::chrono::nanoseconds timeout = std::chrono::seconds(60);
    /// How many statements a connection keeps prepared; 0: none.
    std::size_t statement_cache_size = 100;
};

} // namespace hocket::postgres
