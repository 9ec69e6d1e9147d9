#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include <hocket/event_loop.hpp>
#include <hocket/handle.hpp>
#include <hocket/postgres/pool.hpp>
#include <hocket/semaphore.hpp>

namespace hocket::detail::postgres {

/// The connections of a Pool. A permit of `permits_` is held for each connection that is borrowed
/// or being reset.
class PoolState final : public std::enable_shared_from_this<PoolState> {
public:
    PoolState(EventLoop& loop, pg::ConnectOptions connect_options, pg::PoolOptions options,
              pg::InitConnection init);

    /// Opens the first connections.
    static Coro<> fill(std::shared_ptr<PoolState> pool);
    static Coro<pg::PooledConnection> acquire(std::shared_ptr<PoolState> pool,
                                              std::optional<std::chrono::nanoseconds> timeout);
    static Coro<> close(std::shared_ptr<PoolState> pool);
    void terminate() noexcept;
    /// The Pool is gone: closes idle connections now, and the others when they come back.
    void retire() noexcept;
    void release(std::unique_ptr<pg::Connection> connection) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return born_.size(); }
    [[nodiscard]] std::size_t idle_size() const noexcept { return idle_.size(); }

private:
    using Clock = std::chrono::steady_clock;
    struct Idle {
        std::unique_ptr<pg::Connection> connection;
        Clock::time_point since;
    };
    class Permit;

    void require_open() const;
    Coro<std::unique_ptr<pg::Connection>> take();
    Coro<std::unique_ptr<pg::Connection>> open();
    static Coro<> recycle(std::shared_ptr<PoolState> pool,
                          std::unique_ptr<pg::Connection> connection);
    void forget(const pg::Connection& connection) noexcept;
    [[nodiscard]] bool is_worn(const pg::Connection& connection) const noexcept;
    void remove_dead() noexcept;
    void close_idle() noexcept;
    void schedule_close_idle();

    EventLoop& loop_;
    pg::ConnectOptions connect_options_;
    pg::PoolOptions options_;
    pg::InitConnection init_;
    Semaphore permits_;
    std::deque<Idle> idle_;                                              // most recently used last
    std::unordered_map<const ConnectionState*, Clock::time_point> born_; // every open connection
    bool is_closed_ = false;
    bool is_timer_set_ = false;
};

} // namespace hocket::detail::postgres
