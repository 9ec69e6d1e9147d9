#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/event_loop.hpp>
#include <hocket/postgres/connection.hpp>
#include <hocket/timeout.hpp>

#include "loop/network_operations.hpp"
#include "postgres/connect_parameters.hpp"
#include "postgres/connection_state.hpp"
#include "postgres/errors.hpp"

namespace hocket::detail::postgres {

namespace {

struct Finish {
    void operator()(PGconn* connection) const noexcept { ::PQfinish(connection); }
};

[[noreturn]] void throw_failure(PGconn* connection) {
    // libpq passes on the server's text, but not its SQLSTATE.
    if (::PQconnectionNeedsPassword(connection) != 0 ||
        ::PQconnectionUsedPassword(connection) != 0) {
        std::string text = ::PQerrorMessage(connection);
        while (text.ends_with('\n')) {
            text.pop_back();
        }
        if (text.find("FATAL") != std::string::npos ||
            ::PQconnectionNeedsPassword(connection) != 0) {
            throw pg::AuthorizationError(
                {.severity = "FATAL", .sqlstate = "28P01", .message = text});
        }
    }
    std::rethrow_exception(connection_lost(::PQerrorMessage(connection)));
}

Coro<StatePointer> make_connection(pg::ConnectOptions options) {
    EventLoop& loop = get_running_loop();
    const ConnectParameters parameters = co_await resolve(ConnectParameters(options));
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : parameters.list()) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    std::unique_ptr<PGconn, Finish> connection(
        ::PQconnectStartParams(names.data(), values.data(), 0));
    if (!connection) {
        throw std::bad_alloc();
    }
    if (::PQstatus(connection.get()) == CONNECTION_BAD) {
        throw_failure(connection.get());
    }
    LoopNetwork& network = loop.state().network;
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    while (wanted != PGRES_POLLING_OK) {
        {
            // PQconnectPoll may close the descriptor and open another one.
            FdReady ready(network, ::PQsocket(connection.get()),
                          wanted == PGRES_POLLING_READING ? FdWatch::Direction::read
                                                          : FdWatch::Direction::write);
            co_await ready;
        }
        wanted = ::PQconnectPoll(connection.get());
        if (wanted == PGRES_POLLING_FAILED) {
            throw_failure(connection.get());
        }
    }
    StatePointer state = ConnectionState::adopt(loop, connection.get(), options);
    static_cast<void>(connection.release());
    co_return state;
}

Coro<pg::Connection> connect(pg::ConnectOptions options) {
    const auto limit = options.timeout;
    StatePointer state;
    try {
        auto body = [&options]() -> Coro<StatePointer> { return make_connection(options); };
        state = co_await with_timeout(limit, body);
    } catch (const TimeoutError&) {
        throw TimeoutError("connecting to the PostgreSQL server took longer than " +
                           std::to_string(std::chrono::duration<double>(limit).count()) + " s");
    }
    co_return pg::Connection(std::move(state));
}

} // namespace
} // namespace hocket::detail::postgres

namespace hocket::postgres {

Coro<Connection> connect(ConnectOptions options) { return detail::postgres::connect(options); }

Coro<Connection> connect(std::string dsn) { return connect(ConnectOptions{.dsn = dsn}); }

} // namespace hocket::postgres
