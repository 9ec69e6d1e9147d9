#include "postgres/pool_state.hpp"

#include <exception>
#include <string>
#include <utility>

#include <hocket/task.hpp>
#include <hocket/timeout.hpp>

#include "postgres/connection_state.hpp"
#include "postgres/errors.hpp"
#include "postgres/reset.hpp"

namespace hocket::detail::postgres {

/// Gives the permit back, unless a connection takes it over.
class PoolState::Permit {
public:
    explicit Permit(PoolState& pool) noexcept : pool_(&pool) {}
    ~Permit() {
        if (pool_ != nullptr) {
            pool_->permits_.release();
        }
    }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    void release() noexcept { pool_ = nullptr; }

private:
    PoolState* pool_;
};

PoolState::PoolState(EventLoop& loop, pg::ConnectOptions connect_options, pg::PoolOptions options,
                     pg::InitConnection init)
    : loop_(loop),
      connect_options_(connect_options),
      options_(options),
      init_(std::move(init)),
      permits_(static_cast<std::ptrdiff_t>(options_.max_size)) {}

void PoolState::require_open() const {
    if (is_closed_) {
        throw pg::InterfaceError("the pool is closed");
    }
}

Coro<> PoolState::fill(std::shared_ptr<PoolState> pool) {
    while (pool->size() < pool->options_.min_size) {
        auto connection = co_await pool->open();
        pool->idle_.push_back({std::move(connection), Clock::now()});
    }
    pool->schedule_close_idle();
}

Coro<std::unique_ptr<pg::Connection>> PoolState::open() {
    auto connection = std::make_unique<pg::Connection>(co_await pg::connect(connect_options_));
    if (init_) {
        co_await init_(*connection);
    }
    require_open();
    born_[connection->state().get()] = Clock::now();
    co_return connection;
}

Coro<pg::PooledConnection> PoolState::acquire(std::shared_ptr<PoolState> pool,
                                              std::optional<std::chrono::nanoseconds> timeout) {
    if (!timeout) {
        timeout = pool->options_.acquire_timeout;
    }
    std::optional<Clock::time_point> deadline;
    if (timeout) {
        deadline = deadline_after(*timeout);
    }
    std::unique_ptr<pg::Connection> connection;
    auto body = [&]() -> Coro<> {
        pool->require_open();
        co_await pool->permits_.acquire();
        Permit permit(*pool);
        connection = co_await pool->take();
        permit.release();
    };
    try {
        co_await with_timeout_at(deadline, body);
    } catch (...) {
        if (connection) { // it arrived in the same turn as the end of the wait
            pool->release(std::move(connection));
        }
        throw;
    }
    co_return pg::PooledConnection(std::move(pool), std::move(connection));
}

Coro<std::unique_ptr<pg::Connection>> PoolState::take() {
    while (true) {
        require_open();
        remove_dead();
        if (idle_.empty()) {
            co_return co_await open();
        }
        Idle last = std::move(idle_.back());
        idle_.pop_back();
        if (Clock::now() - last.since < options_.check_after) {
            co_return std::move(last.connection);
        }
        bool is_alive = false;
        try {
            co_await last.connection->execute("SELECT 1");
            is_alive = true;
        } catch (const pg::PostgresError&) {
        } catch (...) {
            forget(*last.connection);
            throw;
        }
        if (is_alive) {
            co_return std::move(last.connection);
        }
        forget(*last.connection);
    }
}

void PoolState::release(std::unique_ptr<pg::Connection> connection) noexcept {
    if (loop_.is_closed() || is_closed_ || connection->is_closed()) {
        forget(*connection);
        connection.reset();
        permits_.release();
        return;
    }
    loop_.create_task(recycle(shared_from_this(), std::move(connection)));
}

/// Makes a connection ready for the next borrower, or closes it.
Coro<> PoolState::recycle(std::shared_ptr<PoolState> pool,
                          std::unique_ptr<pg::Connection> connection) {
    const Permit permit(*pool);
    bool is_clean = false;
    try {
        auto body = [&]() -> Coro<> { return reset(connection->state()); };
        co_await with_timeout(pool->options_.release_timeout, body);
        is_clean = true;
    } catch (const std::exception&) { // the connection is closed, and nobody needs to know
    } catch (...) {
        pool->forget(*connection);
        throw;
    }
    if (!is_clean || pool->is_closed_ || connection->is_closed() || pool->is_worn(*connection)) {
        pool->forget(*connection);
        co_return;
    }
    pool->idle_.push_back({std::move(connection), Clock::now()});
    pool->schedule_close_idle();
}

Coro<> PoolState::close(std::shared_ptr<PoolState> pool) {
    pool->is_closed_ = true;
    for (std::size_t i = 0; i < pool->options_.max_size; ++i) {
        co_await pool->permits_.acquire();
    }
    for (std::size_t i = 0; i < pool->options_.max_size; ++i) {
        pool->permits_.release();
    }
    pool->terminate();
}

void PoolState::terminate() noexcept {
    retire();
    for (const auto& [state, _] : std::exchange(born_, {})) {
        const_cast<ConnectionState*>(state)->end(connection_lost("the pool was closed"));
    }
}

void PoolState::retire() noexcept {
    is_closed_ = true;
    for (const Idle& idle : std::exchange(idle_, {})) {
        forget(*idle.connection);
    }
}

void PoolState::forget(const pg::Connection& connection) noexcept {
    born_.erase(connection.state().get());
}

bool PoolState::is_worn(const pg::Connection& connection) const noexcept {
    const auto born = born_.find(connection.state().get());
    return born == born_.end() || Clock::now() - born->second > options_.max_lifetime;
}

/// The server has ended these while they were idle.
void PoolState::remove_dead() noexcept {
    std::erase_if(idle_, [this](const Idle& idle) {
        if (idle.connection->is_closed()) {
            forget(*idle.connection);
        }
        return idle.connection->is_closed();
    });
}

void PoolState::close_idle() noexcept {
    remove_dead();
    const auto now = Clock::now();
    while (!idle_.empty() && size() > options_.min_size &&
           now - idle_.front().since >= options_.max_idle_time) {
        forget(*idle_.front().connection);
        idle_.pop_front();
    }
}

void PoolState::schedule_close_idle() {
    if (is_timer_set_ || is_closed_ || idle_.empty() || size() <= options_.min_size) {
        return;
    }
    is_timer_set_ = true;
    loop_.call_at(idle_.front().since + options_.max_idle_time, [pool = weak_from_this()] {
        if (const auto self = pool.lock()) {
            self->is_timer_set_ = false;
            self->close_idle();
            self->schedule_close_idle();
        }
    });
}

} // namespace hocket::detail::postgres
