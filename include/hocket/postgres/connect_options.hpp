#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace hocket::postgres {

/// How to connect. What is empty comes from the DSN, else from libpq's environment variables
/// (PGHOST and so on) and defaults.
struct ConnectOptions {
    /// libpq's connection string or URI: "postgresql://user@host/database?sslmode=require".
    std::string dsn = {};
    std::string host = {}; ///< A name, an address, or the folder of a Unix socket.
    int port = 0;
    std::string user = {};
    std::string password = {};
    std::string database = {};
    /// Further parameters of libpq: {"sslmode", "verify-full"}, {"application_name", "shop"}.
    std::vector<std::pair<std::string, std::string>> parameters = {};
    /// The limit for connecting, with name resolution and TLS.
    std::chrono::nanoseconds timeout = std::chrono::seconds(60);
    /// How many statements a connection keeps prepared; 0: none.
    std::size_t statement_cache_size = 100;
};

} // namespace hocket::postgres
