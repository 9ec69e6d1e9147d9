#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/postgres/connection.hpp>

namespace hocket::detail::postgres {
class PoolState; // src/postgres/pool_state.hpp
} // namespace hocket::detail::postgres

namespace hocket::postgres {

struct PoolOptions {
    std::size_t min_size = 1;  ///< Opened by create_pool, and kept when idle.
    std::size_t max_size = 10; ///< Must be at least 1 and `min_size`.
    /// A connection that is older is closed when it is released.
    std::chrono::nanoseconds max_lifetime = std::chrono::hours(1);
    /// A connection that is idle for longer is closed, if more than `min_size` are open.
    std::chrono::nanoseconds max_idle_time = std::chrono::minutes(5);
    /// A connection that was idle for longer is asked `SELECT 1` before it is handed out.
    std::chrono::nanoseconds check_after = std::chrono::seconds(30);
    /// How long `acquire` waits, unless it is told otherwise; empty: without limit.
    std::optional<std::chrono::nanoseconds> acquire_timeout = {};
    /// How long a released connection may take for the reply in progress and the reset.
    std::chrono::nanoseconds release_timeout = std::chrono::seconds(5);
};

/// A connection borrowed from a pool; goes back when it is destroyed.
class PooledConnection {
public:
    PooledConnection(std::shared_ptr<detail::postgres::PoolState> pool,
                     std::unique_ptr<Connection> connection) noexcept;
    PooledConnection(PooledConnection&&) noexcept = default;
    PooledConnection& operator=(PooledConnection&&) noexcept;
    ~PooledConnection();

    Connection* operator->() const noexcept { return connection_.get(); }
    Connection& operator*() const noexcept { return *connection_; }

private:
    void release() noexcept;

    std::shared_ptr<detail::postgres::PoolState> pool_;
    std::unique_ptr<Connection> connection_;
};

/// Connections that tasks borrow: asyncpg's Pool.
///
///     auto pool = co_await hocket::postgres::create_pool("postgresql:///shop", {.max_size = 5});
///     auto connection = co_await pool.acquire();
///     co_await connection->execute("DELETE FROM carts WHERE id = $1", 7);
///
/// A connection that comes back is reset before it is handed on: the reply in progress is awaited,
/// an open transaction rolled back, and what the session changed taken back. If that fails or takes
/// too long, the connection is closed. Connections that the server ended are replaced. For the
/// tasks of one loop.
class Pool {
public:
    explicit Pool(std::shared_ptr<detail::postgres::PoolState> state) noexcept
        : state_(std::move(state)) {}
    Pool(Pool&&) noexcept = default;
    Pool& operator=(Pool&&) noexcept = default;
    ~Pool(); ///< Closes idle connections; borrowed ones are closed when they come back.

    /// Waits for a connection, first come, first served. Throws TimeoutError after `timeout`
    /// (default: the option acquire_timeout), what `connect` throws, and InterfaceError if the pool
    /// is closed.
    Coro<PooledConnection> acquire(std::optional<std::chrono::nanoseconds> timeout = {});

    /// Borrow a connection for one call of Connection's function of the same name.
    template <class... A> Coro<std::string> execute(std::string_view sql, const A&... arguments) {
        return run_execute(std::string(sql), detail::postgres::to_arguments(arguments...));
    }
    template <class... A> Coro<Rows> fetch(std::string_view sql, const A&... arguments) {
        return run_fetch(std::string(sql), detail::postgres::to_arguments(arguments...));
    }
    template <class... A>
    Coro<std::optional<Row>> fetchrow(std::string_view sql, const A&... arguments) {
        return detail::postgres::first_row(fetch(sql, arguments...));
    }
    template <class T, class... A> Coro<T> fetchval(std::string_view sql, const A&... arguments) {
        return detail::postgres::first_value<T>(fetch(sql, arguments...));
    }

    /// Refuses new borrowers, waits until all connections have come back, and closes them.
    Coro<> close();
    /// Closes all connections at once, also borrowed ones.
    void terminate() noexcept;
    /// The number of open connections.
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] std::size_t idle_size() const noexcept;

private:
    Coro<Rows> run_fetch(std::string sql, detail::postgres::Arguments arguments);
    Coro<std::string> run_execute(std::string sql, detail::postgres::Arguments arguments);

    std::shared_ptr<detail::postgres::PoolState> state_;
};

/// Prepares each new connection of a pool before its first use.
using InitConnection = std::function<Coro<>(Connection&)>;

/// Opens `min_size` connections and returns the pool. `init` is called with each new connection.
/// Throws like `connect` and `init`, and ValueError for sizes that do not fit together.
Coro<Pool> create_pool(std::string dsn, PoolOptions options = {}, InitConnection init = {});
Coro<Pool> create_pool(ConnectOptions connect_options, PoolOptions options = {},
                       InitConnection init = {});

} // namespace hocket::postgres
