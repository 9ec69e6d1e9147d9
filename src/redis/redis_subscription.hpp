#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/event.hpp>
#include <hocket/lock.hpp>
#include <hocket/redis/pubsub.hpp>

#include "redis/redis_link.hpp"
#include "redis/redis_options.hpp"

namespace hocket::detail {

/// The connection of a PubSub, what it has subscribed to, and the messages that have arrived.
class RedisSubscription final : public RedisLinkOwner {
public:
    explicit RedisSubscription(const redis::ClientOptions& options) : options_(options) {}
    ~RedisSubscription();
    RedisSubscription(const RedisSubscription&) = delete;
    RedisSubscription& operator=(const RedisSubscription&) = delete;

    using Names = std::set<std::string>;

    /// Adds `names` to `kept`, channels() or patterns(), and sends `command` with them.
    static Coro<> add(std::shared_ptr<RedisSubscription> self, const char* command, Names& kept,
                      std::vector<std::string> names);
    static Coro<> remove(std::shared_ptr<RedisSubscription> self, const char* command, Names& kept,
                         std::vector<std::string> names);
    /// Waits for the next message; the connection is made again if it was lost. Returns false if
    /// there is nothing to wait for. The caller keeps this alive.
    Coro<bool> next(redis::Message& message);
    void close() noexcept;

    [[nodiscard]] Names& channels() noexcept { return channels_; }
    [[nodiscard]] Names& patterns() noexcept { return patterns_; }

private:
    Coro<> connect();
    void send(const char* command, const Names& names);
    void on_link_lost() noexcept override;
    void on_message(redis::Reply&& reply) noexcept override;

    const RedisOptions options_;
    Names channels_;
    Names patterns_;
    std::shared_ptr<RedisLink> link_;
    Lock connecting_;
    std::deque<redis::Message> messages_;
    Event changed_; // a message has come, or the connection is lost or closed
    bool is_paused_ = false;
    bool is_closed_ = false;
};

} // namespace hocket::detail
