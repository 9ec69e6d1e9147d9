#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/redis/redis_call.hpp>
#include <hocket/handle.hpp>
#include <hocket/protocol.hpp>

#include "redis/redis_options.hpp"
#include "redis/reply_parser.hpp"

namespace hocket::detail {

/// Is told what happens to a connection.
class RedisLinkOwner {
public:
    /// The connection is gone. Calls that it had have failed.
    virtual void on_link_lost() noexcept = 0;
    /// The connection can take commands again.
    virtual void on_link_writable() noexcept {}
    /// A reply that no call waits for: a message of a subscription.
    virtual void on_message(redis::Reply&&) noexcept {}

protected:
    ~RedisLinkOwner() = default;
};

/// One connection to the server, from the handshake to its end. Commands that are made in one turn
/// of the loop leave in one write; replies go to the calls in the order of their commands.
class RedisLink final : public Protocol,
                        public RedisTarget,
                        public std::enable_shared_from_this<RedisLink> {
public:
    RedisLink(std::size_t max_reply_size, std::chrono::milliseconds timeout);

    /// Connects and authenticates. Throws ConnectionError, TimeoutError, ResponseError.
    static Coro<std::shared_ptr<RedisLink>> connect(const redis::ClientOptions& options);
    /// The same, trying again with pauses if the server cannot be reached.
    static Coro<std::shared_ptr<RedisLink>> connect_with_retries(RedisOptions options);

    void set_owner(RedisLinkOwner* owner) noexcept { owner_ = owner; }
    /// The server may be silent for that long while a call waits; 0: for ever.
    void set_timeout(std::chrono::milliseconds timeout) noexcept;

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }
    [[nodiscard]] bool can_send() const noexcept { return is_open_ && !is_paused_; }
    /// The number of calls whose replies have not arrived, cancelled ones included.
    [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

    void submit(RedisCall& call) override;
    void withdraw(RedisCall&) noexcept override {} // it sends at once
    /// Writes commands whose replies are messages for the owner.
    void write(std::string_view bytes) { transport_->write(bytes); }
    void pause_reading() noexcept { transport_->pause_reading(); }
    void resume_reading() noexcept { transport_->resume_reading(); }
    /// Drops the replies of a sent call that are still to come.
    void forget(const RedisCall& call) noexcept;
    /// Ends the connection. Its calls fail with `error`.
    void close(const std::exception_ptr& error) noexcept;

private:
    struct Entry {
        RedisCall* call; // nullptr if it was cancelled
        std::size_t replies_left;
    };

    void connection_made(Transport& transport) override;
    void connection_lost(std::exception_ptr error) override;
    void data_received(std::string_view data) override;
    void pause_writing() override { is_paused_ = true; }
    void resume_writing() override;

    void take_reply(redis::Reply&& reply);
    void watch_silence();
    void check_silence();

    RedisReplyParser parser_;
    std::chrono::milliseconds timeout_;
    Transport* transport_ = nullptr;
    RedisLinkOwner* owner_ = nullptr;
    std::deque<Entry> pending_;
    std::uint64_t first_position_ = 0; // of pending_.front()
    std::chrono::steady_clock::time_point heard_at_;
    bool is_open_ = false;
    bool is_paused_ = false;
    bool is_watched_ = false; // check_silence is scheduled
    Handle silence_check_;
};

/// The error for a connection that was lost.
[[nodiscard]] std::exception_ptr redis_connection_error(const std::exception_ptr& cause);

} // namespace hocket::detail
