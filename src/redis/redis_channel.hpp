#pragma once

#include <memory>
#include <optional>

#include <hocket/engine/intrusive_list.hpp>
#include <hocket/task.hpp>

#include "redis/redis_link.hpp"
#include "redis/redis_options.hpp"

namespace hocket::detail {

/// A connection that many tasks share. It is made when it is needed, and made again when it was
/// lost; commands wait meanwhile. Those that had been sent fail.
class RedisChannel final : public RedisTarget,
                           public RedisLinkOwner,
                           public std::enable_shared_from_this<RedisChannel> {
public:
    explicit RedisChannel(const redis::ClientOptions& options) : options_(options) {}
    ~RedisChannel() override;
    RedisChannel(const RedisChannel&) = delete;
    RedisChannel& operator=(const RedisChannel&) = delete;

    void submit(RedisCall& call) override;
    void withdraw(RedisCall& call) noexcept override { waiting_.erase(call); }
    /// Closes the connection; all calls fail, also later ones.
    void close() noexcept;

private:
    void on_link_lost() noexcept override;
    void on_link_writable() noexcept override { send_waiting(); }
    void connect();
    static Coro<> run_connect(std::shared_ptr<RedisChannel> self);
    void send_waiting() noexcept;
    void fail_waiting(const std::exception_ptr& error) noexcept;

    const RedisOptions options_;
    const LoopCore* loop_ = nullptr;  // that of the first call
    std::shared_ptr<RedisLink> link_; // nullptr: not connected
    engine::IntrusiveList<RedisCall> waiting_;
    bool is_connecting_ = false;
    bool is_closed_ = false;
};

} // namespace hocket::detail
