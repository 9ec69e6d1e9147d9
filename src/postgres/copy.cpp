#include <memory>
#include <string>
#include <utility>

#include <hocket/postgres/connection.hpp>

#include "postgres/errors.hpp"
#include "postgres/exclusive_use.hpp"
#include "postgres/quote.hpp"
#include "postgres/split.hpp"

namespace hocket::detail::postgres {

namespace {

std::string table_and_columns(std::string_view table, const pg::CopyOptions& options) {
    std::string sql = options.schema.empty() ? "" : quote_name(options.schema) + ".";
    sql += quote_name(table);
    if (options.columns.empty()) {
        return sql;
    }
    char before = '(';
    for (const std::string& column : split(options.columns)) {
        sql += before + quote_name(column);
        before = ',';
    }
    return sql + ")";
}

std::string with_options(const pg::CopyOptions& options) {
    std::string list;
    const auto add = [&](const char* name, std::string_view value) {
        list += (list.empty() ? " WITH (" : ", ") + std::string(name) + " " + std::string(value);
    };
    if (!options.format.empty()) {
        add("FORMAT", quote_text(options.format));
    }
    if (!options.delimiter.empty()) {
        add("DELIMITER", quote_text(options.delimiter));
    }
    if (!options.null.empty()) {
        add("NULL", quote_text(options.null));
    }
    if (options.header) {
        add("HEADER", "true");
    }
    return list.empty() ? list : list + ")";
}

/// Starts a COPY and awaits the server's agreement.
Coro<> start_copy(const StatePointer& state, ExclusiveUse& use, const std::string& sql,
                  ExecStatusType wanted) {
    co_await use;
    if (::PQsendQuery(use.libpq(), sql.c_str()) == 0) {
        std::rethrow_exception(connection_lost(::PQerrorMessage(use.libpq())));
    }
    static_cast<void>(state->flush());
    const ResultPointer result = co_await next_result(use);
    if (result && ::PQresultStatus(result.get()) == wanted) {
        co_return;
    }
    std::exception_ptr error = result ? error_of(result.get(), sql) : nullptr;
    while (co_await next_result(use)) {
    }
    std::rethrow_exception(error);
}

/// Awaits the end of a COPY. Returns the server's summary.
Coro<std::string> finish_copy(ExclusiveUse& use, const std::string& sql) {
    std::string status;
    std::exception_ptr error;
    while (const ResultPointer result = co_await next_result(use)) {
        if (::PQresultStatus(result.get()) == PGRES_COMMAND_OK) {
            status = ::PQcmdStatus(result.get());
        } else {
            error = error_of(result.get(), sql);
        }
    }
    if (error) {
        std::rethrow_exception(error);
    }
    co_return status;
}

Coro<std::string> copy_in(StatePointer state, std::string sql, AsyncGenerator<std::string> source) {
    // Destroyed before it has ended, it makes the server drop what it has received.
    ExclusiveUse use(state);
    co_await start_copy(state, use, sql, PGRES_COPY_IN);
    while (const auto piece = co_await source.next()) {
        state->require_open();
        if (::PQputCopyData(use.libpq(), piece->data(), static_cast<int>(piece->size())) != 1) {
            break; // the server has refused: its error is the result
        }
        while (!state->flush()) {
            co_await use;
        }
        if (state->is_cut_off()) {
            break;
        }
    }
    state->require_open();
    ::PQputCopyEnd(use.libpq(), nullptr);
    static_cast<void>(state->flush());
    co_return co_await finish_copy(use, sql);
}

AsyncGenerator<std::string> copy_out(StatePointer state, std::string sql) {
    struct Free {
        void operator()(char* row) const noexcept { ::PQfreemem(row); }
    };
    ExclusiveUse use(state);
    co_await start_copy(state, use, sql, PGRES_COPY_OUT);
    while (true) {
        state->require_open();
        char* row = nullptr;
        const int size = ::PQgetCopyData(use.libpq(), &row, 1);
        const std::unique_ptr<char, Free> owner(row);
        if (size > 0) {
            co_yield std::string(row, static_cast<std::size_t>(size));
        } else if (size == 0) {
            co_await use;
        } else {
            break;
        }
    }
    co_await finish_copy(use, sql);
}

AsyncGenerator<std::string> once(std::string text) { co_yield std::move(text); }

} // namespace
} // namespace hocket::detail::postgres

namespace hocket::postgres {

namespace detail = hocket::detail::postgres;

Coro<std::string> Connection::copy_to_table(std::string_view table,
                                            AsyncGenerator<std::string> source,
                                            CopyOptions options) {
    return detail::copy_in(state_,
                           "COPY " + detail::table_and_columns(table, options) + " FROM STDIN" +
                               detail::with_options(options),
                           std::move(source));
}

Coro<std::string> Connection::copy_to_table(std::string_view table, std::string source,
                                            CopyOptions options) {
    return copy_to_table(table, detail::once(std::move(source)), std::move(options));
}

AsyncGenerator<std::string> Connection::copy_from_table(std::string_view table,
                                                        CopyOptions options) {
    return detail::copy_out(state_, "COPY " + detail::table_and_columns(table, options) +
                                        " TO STDOUT" + detail::with_options(options));
}

AsyncGenerator<std::string> Connection::copy_from_query(std::string_view query,
                                                        CopyOptions options) {
    return detail::copy_out(state_, "COPY (" + std::string(query) + ") TO STDOUT" +
                                        detail::with_options(options));
}

} // namespace hocket::postgres
