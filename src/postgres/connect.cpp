#include <memory>
#include <string>
#include <string_view>
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

/// Takes the SQLSTATEs, and the lines about places in the server's sources, out of the text of a
/// connection that asks for PQERRORS_VERBOSE: "FATAL:  28P01: password ...". Returns the last one.
std::string take_sqlstate(std::string& text) {
    std::string sqlstate;
    const std::string_view gap = ":  ";
    for (auto at = text.find(gap); at != std::string::npos; at = text.find(gap, at)) {
        at += gap.size();
        const std::string code = text.substr(at, 5);
        if (code.size() == 5 && text.compare(at + 5, 2, ": ") == 0 &&
            code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos) {
            sqlstate = code;
            text.erase(at, 7);
        }
    }
    for (auto at = text.find("\nLOCATION:  "); at != std::string::npos;
         at = text.find("\nLOCATION:  ", at)) {
        text.erase(at, text.find('\n', at + 1) - at);
    }
    return sqlstate;
}

[[noreturn]] void throw_failure(PGconn* connection) {
    std::string text = ::PQerrorMessage(connection);
    std::string sqlstate = take_sqlstate(text); // the text is all that libpq passes on
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    if (sqlstate.empty()) {
        if (::PQconnectionNeedsPassword(connection) == 0) {
            std::rethrow_exception(connection_lost(text));
        }
        sqlstate = "28P01";
    }
    pg::ErrorFields fields{.severity = "FATAL", .sqlstate = sqlstate, .message = text};
    if (sqlstate.starts_with("28")) {
        throw pg::AuthorizationError(std::move(fields));
    }
    throw pg::ConnectionLostError(std::move(fields));
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
    ::PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE); // see take_sqlstate
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
    ::PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
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
