#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/detail/postgres/arguments.hpp>
#include <hocket/postgres/errors.hpp>
#include <hocket/postgres/notification.hpp>
#include <hocket/postgres/row.hpp>
#include <hocket/postgres/transaction_options.hpp>

/// The functions of a connection that do not depend on the types of arguments and rows. Their
/// coroutines keep the connection's state, not the Connection, which may be moved.
namespace hocket::detail::postgres {

class ConnectionState; // src/postgres/connection_state.hpp
class Statement;       // src/postgres/statement.hpp
using StatePointer = std::shared_ptr<ConnectionState>;
using StatementPointer = std::shared_ptr<Statement>;

Coro<pg::Rows> fetch(StatePointer state, std::string sql, Arguments arguments);
Coro<pg::Rows> fetch(StatePointer state, StatementPointer statement, Arguments arguments);
Coro<std::string> execute(StatePointer state, std::string sql, Arguments arguments);
Coro<> execute_many(StatePointer state, StatementPointer statement, std::vector<Arguments> rows);
Coro<> execute_many(StatePointer state, std::string sql, std::vector<Arguments> rows);
AsyncGenerator<pg::Row> cursor(StatePointer state, std::string sql, Arguments arguments,
                               int prefetch);
[[noreturn]] void throw_no_row();

/// A query that the coroutine it is passed to awaits. If that never runs, because its task is
/// cancelled first, this must not be reported as a coroutine that nobody awaited.
class PendingQuery {
public:
    PendingQuery(Coro<pg::Rows> query) noexcept // NOLINT(google-explicit-constructor)
        : query_(std::move(query)) {}
    PendingQuery(PendingQuery&&) noexcept = default;
    PendingQuery& operator=(PendingQuery&&) = delete;
    ~PendingQuery() { query_.close(); }

    [[nodiscard]] Coro<pg::Rows> take() noexcept { return std::move(query_); }

private:
    Coro<pg::Rows> query_;
};

/// The first row, if there is one.
Coro<std::optional<pg::Row>> first_row(PendingQuery query);

template <class T> Coro<T> first_value(PendingQuery query) {
    const pg::Rows rows = co_await query.take();
    if (!rows.empty()) {
        co_return rows[0].get<T>(0);
    }
    if constexpr (IsOptional<T>::value) {
        co_return std::nullopt;
    } else {
        throw_no_row();
    }
}

/// Converts the rows of executemany, which are tuples.
template <class R> std::vector<Arguments> to_argument_rows(const R& rows) {
    std::vector<Arguments> all;
    for (const auto& row : rows) {
        all.push_back(
            std::apply([](const auto&... values) { return to_arguments(values...); }, row));
    }
    return all;
}

/// A transaction or a savepoint from BEGIN to COMMIT. If it is destroyed in between, it is rolled
/// back without waiting.
class TransactionScope {
public:
    explicit TransactionScope(StatePointer state) noexcept : state_(std::move(state)) {}
    ~TransactionScope();
    TransactionScope(const TransactionScope&) = delete;
    TransactionScope& operator=(const TransactionScope&) = delete;

    Coro<> begin(pg::TransactionOptions options);
    Coro<> commit();
    /// Errors are ignored: the connection has been lost then, and the transaction with it.
    Coro<> roll_back();

private:
    [[nodiscard]] std::string rollback_command() const;

    StatePointer state_;
    int level_ = 0; // 1: the transaction; above: savepoints
    bool is_open_ = false;
};

template <class T, class F>
Coro<T> run_in_transaction(StatePointer state, pg::TransactionOptions options, F body) {
    TransactionScope scope(std::move(state));
    co_await scope.begin(options);
    std::exception_ptr error;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await body();
            co_await scope.commit();
            co_return;
        } else {
            T value = co_await body();
            co_await scope.commit();
            co_return value;
        }
    } catch (...) {
        error = std::current_exception();
    }
    co_await scope.roll_back();
    std::rethrow_exception(error);
}

} // namespace hocket::detail::postgres
