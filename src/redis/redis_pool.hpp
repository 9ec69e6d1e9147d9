#pragma once

#include <memory>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/semaphore.hpp>

#include "redis/redis_link.hpp"
#include "redis/redis_options.hpp"

namespace hocket::detail {

class RedisPool;

/// A connection of the pool that one task uses. It goes back at the end, unless replies are still
/// to come or it was not said to be clean: then it is closed.
class RedisLease {
public:
    RedisLease(std::shared_ptr<RedisPool> pool, std::shared_ptr<RedisLink> link) noexcept
        : pool_(std::move(pool)), link_(std::move(link)) {}
    RedisLease(RedisLease&&) noexcept = default;
    RedisLease& operator=(RedisLease&&) = delete;
    ~RedisLease();

    [[nodiscard]] const std::shared_ptr<RedisLink>& link() const noexcept { return link_; }
    void take(std::shared_ptr<RedisLink> link) noexcept { link_ = std::move(link); }
    /// The connection has nothing watched, blocked or subscribed.
    void set_clean(bool is_clean) noexcept { is_clean_ = is_clean; }

private:
    std::shared_ptr<RedisPool> pool_;
    std::shared_ptr<RedisLink> link_;
    bool is_clean_ = true;
};

/// The connections of a client that tasks use alone.
class RedisPool final : public std::enable_shared_from_this<RedisPool> {
public:
    explicit RedisPool(const redis::ClientOptions& options);
    ~RedisPool() { close(); }
    RedisPool(const RedisPool&) = delete;
    RedisPool& operator=(const RedisPool&) = delete;

    /// Waits for a connection. Throws TimeoutError after pool_timeout, and what connecting throws.
    Coro<RedisLease> acquire();
    void close() noexcept;

private:
    friend RedisLease;
    void give_back(std::shared_ptr<RedisLink> link, bool is_clean) noexcept;

    const RedisOptions options_;
    Semaphore free_;
    std::vector<std::shared_ptr<RedisLink>> idle_;
    bool is_closed_ = false;
};

} // namespace hocket::detail
