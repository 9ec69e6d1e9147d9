#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/detail/redis/redis_call.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/reply.hpp>

namespace hocket::redis {

/// Commands that are queued, sent in one write, and answered together: redis-py's Pipeline. As a
/// transaction, the server executes them without any other command in between (MULTI, EXEC).
///
///     hocket::redis::Client client;
///     auto pipeline = client.pipeline();
///     pipeline.incr("visits").get("name");
///     std::vector<hocket::redis::Reply> replies = co_await pipeline.execute();
///
/// A handle: copies queue into the same pipeline.
class Pipeline : public Commands<Pipeline> {
public:
    /// Sends the commands and returns their replies, in order. Afterwards the pipeline is empty and
    /// can be used again. If a reply is an error, throws it as ResponseError, after all commands
    /// have been executed; with `raise_on_error` false, it is among the replies. In a transaction,
    /// throws WatchError if a watched key was changed, and ResponseError if the server refused a
    /// command when it was queued: then none was executed.
    Coro<std::vector<Reply>> execute(bool raise_on_error = true) const;
    /// The number of commands that are queued.
    [[nodiscard]] std::size_t size() const noexcept { return state_->count; }

    /// Internal.
    Pipeline(std::shared_ptr<detail::RedisTarget> target, bool is_transaction)
        : target_(std::move(target)), is_transaction_(is_transaction) {}
    template <class T> const Pipeline& command(detail::RedisText text) const {
        state_->bytes += text.view();
        ++state_->count;
        return *this;
    }

private:
    struct State {
        std::string bytes;
        std::size_t count = 0;
    };
    static Coro<std::vector<Reply>> run(std::shared_ptr<detail::RedisTarget> target, State commands,
                                        bool is_transaction, bool raise_on_error);

    std::shared_ptr<detail::RedisTarget> target_;
    bool is_transaction_;
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

} // namespace hocket::redis
