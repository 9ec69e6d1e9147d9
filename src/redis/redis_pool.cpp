#include "redis/redis_pool.hpp"

#include <string>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/redis/errors.hpp>
#include <hocket/timeout.hpp>

namespace hocket::detail {

RedisLease::~RedisLease() {
    if (pool_ != nullptr) {
        pool_->give_back(std::move(link_), is_clean_);
    }
}

RedisPool::RedisPool(const redis::ClientOptions& options)
    : options_(options), free_(static_cast<std::ptrdiff_t>(options.max_connections)) {}

Coro<RedisLease> RedisPool::acquire() {
    const std::shared_ptr<RedisPool> self = shared_from_this();
    try {
        const auto body = [&]() -> Coro<> { co_await free_.acquire(); };
        co_await with_timeout(options_.pool_timeout, body);
    } catch (const TimeoutError&) {
        throw redis::TimeoutError("no connection of the Redis client became free within " +
                                  std::to_string(options_.pool_timeout.count()) + " ms: all " +
                                  std::to_string(options_.max_connections) +
                                  " are in use (max_connections)");
    }
    // From here on, the lease gives the place back.
    RedisLease lease(self, nullptr);
    if (is_closed_) {
        throw redis::ConnectionError("this Redis client is closed");
    }
    while (!idle_.empty()) {
        std::shared_ptr<RedisLink> link = std::move(idle_.back());
        idle_.pop_back();
        if (link->is_open()) {
            lease.take(std::move(link));
            co_return lease;
        }
    }
    lease.take(co_await RedisLink::connect_with_retries(options_));
    co_return lease;
}

void RedisPool::give_back(std::shared_ptr<RedisLink> link, bool is_clean) noexcept {
    if (link != nullptr && link->is_open()) {
        if (is_clean && link->pending() == 0 && !is_closed_) {
            link->set_timeout(options_.timeout);
            idle_.push_back(std::move(link));
        } else {
            link->close(redis_connection_error(nullptr));
        }
    }
    free_.release();
}

void RedisPool::close() noexcept {
    is_closed_ = true;
    for (const auto& link : std::exchange(idle_, {})) {
        link->close(redis_connection_error(nullptr));
    }
}

} // namespace hocket::detail
