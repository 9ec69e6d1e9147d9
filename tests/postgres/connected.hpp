#pragma once

#include <hocket/hocket.hpp>
#include <hocket/postgres.hpp>

#include "postgres/server.hpp"

namespace postgres_test {

/// Runs `body(connection)` in a loop of its own.
template <class Body> void connected(Body body) {
    auto main = [&]() -> hocket::Coro<> {
        auto connection = co_await hocket::postgres::connect(Server::shared().dsn());
        co_await body(connection);
    };
    hocket::run(main);
}

} // namespace postgres_test
