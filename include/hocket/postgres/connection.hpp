#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/detail/loop/made_of_temporary.hpp>
#include <hocket/detail/loop/task_state.hpp>
#include <hocket/detail/postgres/calls.hpp>
#include <hocket/postgres/connect_options.hpp>
#include <hocket/postgres/copy_options.hpp>
#include <hocket/postgres/errors.hpp>
#include <hocket/postgres/notification.hpp>
#include <hocket/postgres/prepared_statement.hpp>
#include <hocket/postgres/row.hpp>
#include <hocket/postgres/transaction_options.hpp>

namespace hocket::postgres {

/// A connection to a PostgreSQL server: asyncpg's Connection, on libpq.
///
///     auto connection = co_await hocket::postgres::connect("postgresql:///shop");
///     co_await connection.execute("INSERT INTO users (name) VALUES ($1)", "Ada");
///     for (auto row : co_await connection.fetch("SELECT id, name FROM users WHERE id > $1", 10)) {
///         auto [id, name] = row.as<int, std::string>();
///     }
///
/// Arguments are sent beside the query and are never part of its text. The server's types decide
/// how they are encoded.
///
/// Several tasks may use a connection at a time: their queries are pipelined, those of one turn of
/// the loop leave together, and each fails alone. A transaction concerns all of them, so tasks that
/// use transactions need a connection each: see Pool.
///
/// Cancelling a task ends its wait at once. If its query has been sent, the server is asked to
/// cancel it, and the connection's next query waits until that has happened. For the thread of the
/// loop that made the connection.
class Connection {
public:
    explicit Connection(detail::postgres::StatePointer state) noexcept : state_(std::move(state)) {}
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) noexcept = default;
    ~Connection(); ///< Closes it without waiting.

    // -- queries -----------------------------------------------------------------------------
    // They throw PostgresError or a class derived from it, and DataError for an argument that does
    // not fit its parameter.

    /// Runs a command and returns the server's summary, such as "INSERT 0 1". Without arguments,
    /// `sql` may contain several commands, and no other task's query is in progress meanwhile.
    template <class... A> Coro<std::string> execute(std::string_view sql, const A&... arguments) {
        return detail::postgres::execute(state_, std::string(sql),
                                         detail::postgres::to_arguments(arguments...));
    }
    /// Runs a command for each tuple of `rows`, in one transaction: all or none.
    template <class R> Coro<> executemany(std::string_view sql, const R& rows) {
        return detail::postgres::execute_many(state_, std::string(sql),
                                              detail::postgres::to_argument_rows(rows));
    }
    /// Returns all rows of a query. The statement is kept prepared; see statement_cache_size.
    template <class... A> Coro<Rows> fetch(std::string_view sql, const A&... arguments) {
        return detail::postgres::fetch(state_, std::string(sql),
                                       detail::postgres::to_arguments(arguments...));
    }
    /// The first row, if there is one.
    template <class... A>
    Coro<std::optional<Row>> fetchrow(std::string_view sql, const A&... arguments) {
        return detail::postgres::first_row(fetch(sql, arguments...));
    }
    /// The first column of the first row. If there is no row, a std::optional is empty, and for
    /// other types InterfaceError is thrown.
    template <class T, class... A> Coro<T> fetchval(std::string_view sql, const A&... arguments) {
        return detail::postgres::first_value<T>(fetch(sql, arguments...));
    }
    Coro<PreparedStatement> prepare(std::string_view sql);

    /// Yields the rows of a query, and has the server compute `prefetch` of them at a time. Throws
    /// InterfaceError outside of a transaction, without which the server would forget the cursor.
    template <class... A> AsyncGenerator<Row> cursor(std::string_view sql, const A&... arguments) {
        return detail::postgres::cursor(state_, std::string(sql),
                                        detail::postgres::to_arguments(arguments...), 50);
    }

    // -- transactions ------------------------------------------------------------------------

    /// Awaits the Coro that `body()` returns in a transaction and returns its value. Commits when
    /// it returns; rolls back when it throws or is cancelled, and passes the exception on. A
    /// transaction within a transaction is a savepoint. The callable is kept alive.
    template <detail::CoroFunction F>
    auto transaction(F&& body) -> detail::MadeOf<Coro<detail::CoroValue<F>>, F> {
        return transaction(TransactionOptions(), std::forward<F>(body));
    }
    template <detail::CoroFunction F>
    auto transaction(TransactionOptions options, F&& body)
        -> detail::MadeOf<Coro<detail::CoroValue<F>>, F> {
        return detail::postgres::run_in_transaction<detail::CoroValue<F>, std::decay_t<F>>(
            state_, options, std::forward<F>(body));
    }
    /// Whether a `transaction` is open.
    [[nodiscard]] bool is_in_transaction() const noexcept;

    // -- COPY --------------------------------------------------------------------------------
    // Other tasks' queries wait until it has ended. Cancelling it copies nothing.

    /// Copies what `source` yields, in the options' format, into `table`, and returns the summary
    /// ("COPY 3"). Does not get further ahead of the server than the socket's buffer. If `source`
    /// throws, nothing is copied.
    Coro<std::string> copy_to_table(std::string_view table, AsyncGenerator<std::string> source,
                                    CopyOptions options = {});
    Coro<std::string> copy_to_table(std::string_view table, std::string source,
                                    CopyOptions options = {});
    /// Yields the table, one piece for each row in the formats "text" and "csv".
    AsyncGenerator<std::string> copy_from_table(std::string_view table, CopyOptions options = {});
    /// Yields the result of a query, which cannot have parameters.
    AsyncGenerator<std::string> copy_from_query(std::string_view query, CopyOptions options = {});

    // -- notifications -----------------------------------------------------------------------

    /// Returns a generator of the notifications sent to `channel` from now on. It listens until it
    /// is destroyed, and throws ConnectionLostError when the connection ends.
    Coro<AsyncGenerator<Notification>> listen(std::string channel);
    using Listener = std::function<void(const Notification&)>;
    /// Calls `callback` for each notification. Returns a number for remove_listener.
    Coro<std::uint64_t> add_listener(std::string channel, Listener callback);
    Coro<> remove_listener(std::uint64_t id);
    /// Calls `callback` with each notice and warning of the server; without one, they are dropped.
    void set_log_listener(std::function<void(const ErrorFields&)> callback);

    // -- the connection ----------------------------------------------------------------------

    /// Waits for what is in progress, then closes.
    Coro<> close();
    /// Closes at once. Queries in progress fail with ConnectionLostError.
    void terminate() noexcept;
    [[nodiscard]] bool is_closed() const noexcept;
    /// Ends an open transaction and takes back what SET, LISTEN, cursors and advisory locks did.
    Coro<> reset();
    /// Such as 150018 for 15.18.
    [[nodiscard]] int server_version() const noexcept;
    /// The process that serves this connection.
    [[nodiscard]] int backend_pid() const noexcept;

    /// Internal.
    [[nodiscard]] const detail::postgres::StatePointer& state() const noexcept { return state_; }

private:
    detail::postgres::StatePointer state_;
};

/// Connects. `dsn` is libpq's: "host=db user=ada" or "postgresql://ada@db/shop?sslmode=require".
/// The loop resolves names; TLS is libpq's (sslmode, sslrootcert and so on). Throws
/// ConnectionLostError or AuthorizationError, TimeoutError after the options' timeout, and
/// ValueError for a DSN that cannot be parsed.
Coro<Connection> connect(std::string dsn);
Coro<Connection> connect(ConnectOptions options = {});

} // namespace hocket::postgres
