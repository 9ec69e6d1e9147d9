#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/detail/sqlite/sqlite_query.hpp>
#include <hocket/sqlite/parameters.hpp>
#include <hocket/sqlite/row.hpp>

namespace hocket::sqlite {

/// The functions that run statements: what Connection and Transaction have in common.
///
/// Each is awaited. `parameters` are the values for the statement's `?`, or `named("id", 7)` for
/// its
/// `:id`, or one Parameters. All functions throw what hocket/sqlite/errors.hpp describes:
/// BusyError, IntegrityError, OperationalError, ProgrammingError. Outside of a transaction, each
/// statement is a transaction of its own.
///
/// Cancelling the task ends a running statement at once, which undoes what it has done so far, and
/// withdraws one that has not begun; the connection stays usable. A statement that is being
/// committed when the cancellation comes may have been committed.
class Statements {
public:
    /// Runs one statement to its end, and ignores the rows that it returns.
    template <class... P> requires ParametersOf<P...>
    detail::SqliteQuery<Result> execute(std::string sql, P&&... parameters) const {
        return make<Result>(std::move(sql), std::forward<P>(parameters)...);
    }
    /// Returns the first row, or nothing if there is none. The statement does not run further.
    template <class... P> requires ParametersOf<P...>
    detail::SqliteQuery<std::optional<Row>> fetchone(std::string sql, P&&... parameters) const {
        return make<std::optional<Row>>(std::move(sql), std::forward<P>(parameters)...);
    }
    /// Returns all rows: aiosqlite's execute_fetchall.
    template <class... P> requires ParametersOf<P...>
    detail::SqliteQuery<std::vector<Row>> fetchall(std::string sql, P&&... parameters) const {
        return make<std::vector<Row>>(std::move(sql), std::forward<P>(parameters)...);
    }
    /// Returns the rows one by one, however many there are: `async for row in cursor`. Rows are
    /// read in pieces, so only a few are in memory. As long as the generator exists, the statement
    /// is open; from outside of transactions, that delays checkpoints of the WAL.
    template <class... P> requires ParametersOf<P...>
    AsyncGenerator<Row> iterate(std::string sql, P&&... parameters) const {
        return iterate_rows(thread_, place_, std::move(sql),
                            Parameters(std::forward<P>(parameters)...));
    }
    /// Runs one statement with each of `rows`: all of them, or none if one fails. Returns the
    /// number of rows changed in all.
    Coro<Result> executemany(std::string sql, std::vector<Parameters> rows) const;
    /// Runs several statements, separated by semicolons, and ignores the rows that they return. If
    /// one fails, those before it stay done, unless they are in a transaction.
    Coro<> executescript(std::string script) const;

protected:
    Statements(std::shared_ptr<detail::SqliteThread> thread,
               detail::SqliteRequest::Place place) noexcept
        : thread_(std::move(thread)), place_(place) {}
    Statements(const Statements&) = default;
    Statements& operator=(const Statements&) = default;
    Statements(Statements&&) noexcept = default;
    Statements& operator=(Statements&&) noexcept = default;
    ~Statements() = default;

    [[nodiscard]] const std::shared_ptr<detail::SqliteThread>& thread() const noexcept {
        return thread_;
    }

private:
    template <class T, class... P>
    detail::SqliteQuery<T> make(std::string sql, P&&... parameters) const {
        return detail::SqliteQuery<T>(thread_, place_, std::move(sql),
                                      Parameters(std::forward<P>(parameters)...));
    }
    static AsyncGenerator<Row> iterate_rows(std::shared_ptr<detail::SqliteThread> thread,
                                            detail::SqliteRequest::Place place, std::string sql,
                                            Parameters parameters);

    std::shared_ptr<detail::SqliteThread> thread_;
    detail::SqliteRequest::Place place_;
};

} // namespace hocket::sqlite
