#include <hocket/postgres/connection.hpp>

#include <memory>
#include <string>
#include <utility>

#include "postgres/errors.hpp"
#include "postgres/exclusive_use.hpp"
#include "postgres/execution.hpp"
#include "postgres/reset.hpp"
#include "postgres/script.hpp"

namespace hocket::detail::postgres {

Coro<> close(StatePointer state) {
    if (state->is_closed()) {
        co_return;
    }
    {
        ExclusiveUse use(state);
        co_await use;
    }
    state->end(connection_lost("the connection is closed"));
}

Coro<> reset(StatePointer state) {
    {
        // By now, everything before it has been answered.
        ExclusiveUse use(state);
        co_await use;
    }
    state->require_open();
    if (::PQtransactionStatus(state->libpq()) != PQTRANS_IDLE) {
        Execution rollback(state, make_command("ROLLBACK", true));
        co_await rollback;
    }
    state->transaction_level = 0;
    state->listeners.end();
    state->log_listener = nullptr;
    co_await run_script(std::move(state), "SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; "
                                          "RESET ALL");
}

namespace {

Coro<pg::PreparedStatement> prepare(StatePointer state, std::string sql) {
    state->require_open();
    StatementPointer statement = state->statement(sql);
    RequestPointer request = make_execution(statement, {});
    request->kind = Request::Kind::prepare;
    Execution execution(state, std::move(request));
    co_await execution;
    co_return pg::PreparedStatement(std::move(state), std::move(statement));
}

} // namespace
} // namespace hocket::detail::postgres

namespace hocket::postgres {

Connection::~Connection() {
    if (state_) {
        terminate();
    }
}

Coro<PreparedStatement> Connection::prepare(std::string_view sql) {
    return detail::postgres::prepare(state_, std::string(sql));
}

bool Connection::is_in_transaction() const noexcept { return state_->transaction_level > 0; }

Coro<> Connection::close() { return detail::postgres::close(state_); }

void Connection::terminate() noexcept {
    state_->end(detail::postgres::connection_lost("the connection was terminated"));
}

bool Connection::is_closed() const noexcept { return state_->is_closed(); }

Coro<> Connection::reset() { return detail::postgres::reset(state_); }

int Connection::server_version() const noexcept { return ::PQserverVersion(state_->libpq()); }

int Connection::backend_pid() const noexcept { return ::PQbackendPID(state_->libpq()); }

} // namespace hocket::postgres
