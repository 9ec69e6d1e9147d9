#include <hocket/postgres/pool.hpp>

#include <memory>
#include <string>
#include <utility>

#include <hocket/errors.hpp>

#include "postgres/pool_state.hpp"

namespace hocket::postgres {

using detail::postgres::PoolState;

PooledConnection::PooledConnection(std::shared_ptr<PoolState> pool,
                                   std::unique_ptr<Connection> connection) noexcept
    : pool_(std::move(pool)), connection_(std::move(connection)) {}

PooledConnection& PooledConnection::operator=(PooledConnection&& other) noexcept {
    release();
    pool_ = std::move(other.pool_);
    connection_ = std::move(other.connection_);
    return *this;
}

PooledConnection::~PooledConnection() { release(); }

void PooledConnection::release() noexcept {
    if (connection_) {
        pool_->release(std::move(connection_));
    }
}

Pool::~Pool() {
    if (state_) {
        state_->retire();
    }
}

Coro<PooledConnection> Pool::acquire(std::optional<std::chrono::nanoseconds> timeout) {
    return PoolState::acquire(state_, timeout);
}

Coro<> Pool::close() { return PoolState::close(state_); }

void Pool::terminate() noexcept { state_->terminate(); }

std::size_t Pool::size() const noexcept { return state_->size(); }

std::size_t Pool::idle_size() const noexcept { return state_->idle_size(); }

namespace {

Coro<Rows> fetch_in(std::shared_ptr<PoolState> pool, std::string sql,
                    detail::postgres::Arguments arguments) {
    const PooledConnection connection = co_await PoolState::acquire(std::move(pool), {});
    co_return co_await detail::postgres::fetch(connection->state(), std::move(sql),
                                               std::move(arguments));
}

Coro<std::string> execute_in(std::shared_ptr<PoolState> pool, std::string sql,
                             detail::postgres::Arguments arguments) {
    const PooledConnection connection = co_await PoolState::acquire(std::move(pool), {});
    co_return co_await detail::postgres::execute(connection->state(), std::move(sql),
                                                 std::move(arguments));
}

Coro<Pool> open_pool(ConnectOptions connect_options, PoolOptions options, InitConnection init) {
    if (options.max_size == 0 || options.min_size > options.max_size) {
        throw ValueError("a pool of PostgreSQL connections has min_size " +
                         std::to_string(options.min_size) + " and max_size " +
                         std::to_string(options.max_size) +
                         ": max_size must be at least 1 and at least min_size");
    }
    auto state =
        std::make_shared<PoolState>(get_running_loop(), connect_options, options, std::move(init));
    Pool pool(state);
    co_await PoolState::fill(state);
    co_return std::move(pool);
}

} // namespace

Coro<Rows> Pool::run_fetch(std::string sql, detail::postgres::Arguments arguments) {
    return fetch_in(state_, std::move(sql), std::move(arguments));
}

Coro<std::string> Pool::run_execute(std::string sql, detail::postgres::Arguments arguments) {
    return execute_in(state_, std::move(sql), std::move(arguments));
}

Coro<Pool> create_pool(ConnectOptions connect_options, PoolOptions options, InitConnection init) {
    return open_pool(connect_options, options, std::move(init));
}

Coro<Pool> create_pool(std::string dsn, PoolOptions options, InitConnection init) {
    return open_pool({.dsn = dsn}, options, std::move(init));
}

} // namespace hocket::postgres
