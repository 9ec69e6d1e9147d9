#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/redis/options.hpp>

namespace hocket::detail {
class RedisSubscription;
}

namespace hocket::redis {

/// What arrives on a PubSub.
struct Message {
    enum class Type : std::uint8_t {
        message,      ///< on a channel
        pmessage,     ///< on a channel that a pattern matches
        subscribe,    ///< The server has accepted a subscription,
        psubscribe,   ///< ... of a pattern,
        unsubscribe,  ///< or its end,
        punsubscribe, ///< ... of a pattern.
    };
    Type type = Type::message;
    std::string pattern; ///< for pmessage
    std::string channel; ///< or the pattern, for psubscribe and punsubscribe
    std::string data;    ///< for message and pmessage
};

/// Subscriptions, on a connection of their own: redis-py's PubSub.
///
///     hocket::redis::Client client;
///     auto pubsub = client.pubsub();
///     co_await pubsub.subscribe("news");
///     auto messages = pubsub.listen();
///     while (auto message = co_await messages.next())
///         std::cout << message->data << '\n';
///
/// After the connection was lost, it is made again and everything is subscribed to again, as long
/// as `listen` is awaited; what was published meanwhile is lost, which is how Redis works. The
/// messages of type `subscribe` that then come again tell of it. A consumer that is slower than the
/// messages makes the connection stop reading; a server that has too much queued for a client then
/// closes the connection. A handle; for the loop that first uses it.
class PubSub {
public:
    /// Subscribes to channels: `subscribe("a", "b")`. Throws ConnectionError if the server cannot
    /// be reached.
    Coro<> subscribe(std::vector<std::string> channels) const;
    template <std::convertible_to<std::string_view>... Names> requires(sizeof...(Names) > 0)
    Coro<> subscribe(const Names&... channels) const {
        return subscribe(list(channels...));
    }
    /// Subscribes to all channels that the patterns match.
    Coro<> psubscribe(std::vector<std::string> patterns) const;
    template <std::convertible_to<std::string_view>... Names> requires(sizeof...(Names) > 0)
    Coro<> psubscribe(const Names&... patterns) const {
        return psubscribe(list(patterns...));
    }
    /// Ends subscriptions; without channels, all of them.
    Coro<> unsubscribe(std::vector<std::string> channels = {}) const;
    Coro<> punsubscribe(std::vector<std::string> patterns = {}) const;

    /// Yields what arrives; with `ignore_subscribe_messages`, only messages. Ends when there are no
    /// subscriptions any more. Throws ConnectionError if the connection is lost and cannot be made
    /// again. One task at a time may await it.
    AsyncGenerator<Message> listen(bool ignore_subscribe_messages = false) const;
    /// Closes the connection; `listen` then ends.
    Coro<> aclose() const;

    /// Internal.
    explicit PubSub(const ClientOptions& options);

private:
    template <class... Names> static std::vector<std::string> list(const Names&... names) {
        std::vector<std::string> all;
        (all.emplace_back(std::string_view(names)), ...);
        return all;
    }

    std::shared_ptr<detail::RedisSubscription> subscription_;
};

} // namespace hocket::redis
