#include <string>
#include <utility>
#include <vector>

#include <hocket/detail/postgres/calls.hpp>
#include <hocket/postgres/prepared_statement.hpp>

#include "postgres/errors.hpp"
#include "postgres/exclusive_use.hpp"
#include "postgres/execution.hpp"
#include "postgres/result_data.hpp"
#include "postgres/script.hpp"

namespace hocket::detail::postgres {

Coro<pg::Rows> fetch(StatePointer state, StatementPointer statement, Arguments arguments) {
    Execution execution(std::move(state),
                        make_execution(std::move(statement), std::move(arguments)));
    ResultPointer result = co_await execution;
    co_return pg::Rows(share(std::move(result)));
}

Coro<pg::Rows> fetch(StatePointer state, std::string sql, Arguments arguments) {
    state->require_open();
    StatementPointer statement = state->statement(sql);
    return fetch(std::move(state), std::move(statement), std::move(arguments));
}

Coro<std::string> execute(StatePointer state, std::string sql, Arguments arguments) {
    if (arguments.empty()) {
        co_return co_await run_script(std::move(state), std::move(sql));
    }
    state->require_open();
    StatementPointer statement = state->statement(sql);
    Execution execution(std::move(state),
                        make_execution(std::move(statement), std::move(arguments)));
    const ResultPointer result = co_await execution;
    co_return ::PQcmdStatus(result.get());
}

Coro<> execute_many(StatePointer state, StatementPointer statement, std::vector<Arguments> rows) {
    if (rows.empty()) {
        co_return;
    }
    Execution execution(std::move(state), make_executions(std::move(statement), std::move(rows)));
    co_await execution;
}

Coro<> execute_many(StatePointer state, std::string sql, std::vector<Arguments> rows) {
    state->require_open();
    StatementPointer statement = state->statement(sql);
    return execute_many(std::move(state), std::move(statement), std::move(rows));
}

Coro<std::string> run_script(StatePointer state, std::string sql) {
    ExclusiveUse use(state);
    co_await use;
    if (::PQsendQuery(use.libpq(), sql.c_str()) == 0) {
        std::rethrow_exception(connection_lost(::PQerrorMessage(use.libpq())));
    }
    static_cast<void>(state->flush());
    std::string status;
    std::exception_ptr error;
    while (true) {
        const ResultPointer result = co_await next_result(use);
        if (!result) {
            break;
        }
        switch (::PQresultStatus(result.get())) {
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE: error = error_of(result.get(), sql); break;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
            throw pg::InterfaceError("COPY was run with execute(); use copy_to_table, "
                                     "copy_from_table or copy_from_query");
        default: status = ::PQcmdStatus(result.get()); break;
        }
    }
    if (error) {
        std::rethrow_exception(error);
    }
    co_return status;
}

Coro<std::optional<pg::Row>> first_row(PendingQuery query) {
    const pg::Rows rows = co_await query.take();
    if (rows.empty()) {
        co_return std::nullopt;
    }
    co_return rows[0];
}

void throw_no_row() {
    throw pg::InterfaceError(
        "the query returned no row; read the value as std::optional to allow for that");
}

} // namespace hocket::detail::postgres

namespace hocket::postgres {

const std::string& PreparedStatement::query() const noexcept { return statement_->sql; }

} // namespace hocket::postgres
