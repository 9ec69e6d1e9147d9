#pragma once

#include <chrono>
#include <hocket/hocket.hpp>
#include <unordered_set>

#include "serve/http_connection.hpp"
#include "serve/options.hpp"

namespace serve {

/// A static HTTP/1.1 server: which connections there are, and how they end.
class HttpServer {
public:
    explicit HttpServer(Options options);

    /// One connection, from its first byte to its last: what hocket::start_server wants.
    hocket::Coro<> handle(hocket::StreamReader reader, hocket::StreamWriter writer);

    /// Runs beside the connections for ever: keeps the clock, ends connections that are silent.
    hocket::Coro<> tick();

    /// Ends idle connections at once and the others after their current answer, or after `grace`.
    hocket::Coro<> finish(std::chrono::milliseconds grace);

private:
    void update_clock();
    bool is_late(const HttpConnection& connection) const;
    hocket::Coro<> wait_until_empty();

    ServerState state_;
    std::unordered_set<HttpConnection*> connections_;
    hocket::Event connection_ended_;
};

} // namespace serve
