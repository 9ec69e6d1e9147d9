#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/detail/redis/redis_call.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/options.hpp>
#include <hocket/redis/pipeline.hpp>
#include <hocket/redis/pubsub.hpp>
#include <hocket/redis/script.hpp>
#include <hocket/redis/transaction.hpp>

namespace hocket::detail {
class RedisClientState;
}

namespace hocket::redis {

/// A client of a Redis server: redis-py's redis.asyncio.Redis.
///
///     auto client = hocket::redis::from_url("redis://localhost");
///     co_await client.set("key", "value");
///     std::optional<std::string> value = co_await client.get("key");
///
/// Any number of tasks share a connection (or several: ClientOptions::connections): their commands
/// of one turn of the loop leave in one write, and the replies return in order. The connection is
/// made when it is needed, and again after it was lost. Commands that wait for it are sent then;
/// those that had been sent throw ConnectionError, because the server may have executed them.
///
/// Cancelling a task ends its wait at once. A command that has been sent may still be executed; its
/// reply is dropped. Errors are those of hocket/redis/errors.hpp.
///
/// This is a handle: copies use the same connections, and the last one closes them. Use it on the
/// thread of the loop that first uses it. There is no support for Redis Cluster: redirections
/// (MOVED, ASK) are thrown as ResponseError.
class Client : public Commands<Client> {
public:
    explicit Client(const ClientOptions& options = {});

    /// Commands to be sent together; as a transaction, unless `transaction` is false.
    [[nodiscard]] Pipeline pipeline(bool transaction = true) const;
    /// Watches `keys`, awaits the Coro returned by `body(Transaction&)`, then executes what it has
    /// queued in `multi()`, and returns the replies. If a watched key was changed by others in the
    /// meantime, all of that is repeated, at most `attempts` times; then throws WatchError. Uses a
    /// connection of its own.
    template <TransactionBody F>
    auto transaction(Texts keys, F&& body, int attempts = 100) const
        -> detail::MadeOf<Coro<std::vector<Reply>>, F> {
        return run_transaction(state_, std::move(keys),
                               std::function<Coro<>(Transaction&)>(std::forward<F>(body)),
                               attempts);
    }
    /// A Lua script, which is sent once and then called by its hash.
    [[nodiscard]] Script register_script(std::string text) const;
    /// A connection for messages of channels.
    [[nodiscard]] PubSub pubsub() const;

    // Blocking commands, each on a connection of its own. `timeout` 0: for ever. If the task is
    // cancelled, the connection is closed, and what the server takes at that very moment is lost;
    // `blmove` keeps it in the second list.

    /// Removes and returns the first element of the first list that has one: the key and the
    /// element. Returns nothing after `timeout`.
    Coro<std::optional<std::pair<std::string, std::string>>>
    blpop(Texts keys, std::chrono::milliseconds timeout) const;
    /// The same with the last element.
    Coro<std::optional<std::pair<std::string, std::string>>>
    brpop(Texts keys, std::chrono::milliseconds timeout) const;
    /// Moves the first element of `from` to the end of `to` and returns it.
    Coro<std::optional<std::string>> blmove(std::string from, std::string to,
                                            std::chrono::milliseconds timeout) const;
    /// Any command that may block for `timeout`, such as XREAD.
    Coro<Reply> execute_blocking(std::chrono::milliseconds timeout, Texts words) const;

    /// The keys that match `match`, in pieces of about `count`, in no order; a key may come twice.
    AsyncGenerator<std::string> scan_iter(std::string match = "*", std::size_t count = 100) const;

    /// Closes all connections. Commands that wait throw ConnectionError, and so do later ones.
    Coro<> aclose() const;

    /// Internal.
    template <class T> detail::RedisCommand<T> command(detail::RedisText text) const {
        return detail::RedisCommand<T>(target(), std::move(text));
    }

private:
    [[nodiscard]] std::shared_ptr<detail::RedisTarget> target() const;
    static Coro<std::vector<Reply>> run_transaction(std::shared_ptr<detail::RedisClientState> state,
                                                    Texts keys,
                                                    std::function<Coro<>(Transaction&)> body,
                                                    int attempts);

    std::shared_ptr<detail::RedisClientState> state_;
};

/// A client for a URL: see parse_url.
[[nodiscard]] Client from_url(std::string_view url, const ClientOptions& options = {});

} // namespace hocket::redis
