#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/detail/redis/redis_text.hpp>
#include <hocket/redis/reply.hpp>

namespace hocket::redis {

/// Options of `set`.
struct SetOptions {
    std::optional<std::chrono::milliseconds> ex = {}; ///< The key expires after this time.
    bool nx = false;                                  ///< Only if the key does not exist.
    bool xx = false;                                  ///< Only if the key exists.
    bool keepttl = false;                             ///< Keep the time when the key expires.
};

/// Texts that are passed to a command: keys, values, fields.
using Texts = std::vector<std::string>;
/// `texts("a", "b")` is `Texts{"a", "b"}`, which g++ 12 does not compile within a `co_await`.
template <class... T> Texts texts(T&&... items) {
    Texts list;
    (list.emplace_back(std::forward<T>(items)), ...);
    return list;
}
using Fields = std::map<std::string, std::string>;
/// Members of a sorted set, with their scores.
using Scores = std::vector<std::pair<std::string, double>>;

/// The common commands with the names of redis-py, and `execute_command` for all others. A Client
/// and a Transaction return what is awaited: `co_await client.get("key")`. A Pipeline queues the
/// command and returns itself.
///
/// Keys and values are text or bytes; values may also be numbers. They are sent with their lengths,
/// so nothing in them can become a command.
template <class Self> class Commands {
    template <class T> auto make(detail::RedisText text) const {
        return static_cast<const Self&>(*this).template command<T>(std::move(text));
    }
    template <class T, class... Args> auto send(const Args&... arguments) const {
        return make<T>(detail::make_redis_text(arguments...));
    }
    using Key = std::string_view;
    using Argument = detail::RedisArgument;
    using Count = std::int64_t;

public:
    /// Any command: `execute_command("OBJECT", "ENCODING", key)`. Throws ValueError for those that
    /// would change a connection that is shared, such as SELECT.
    template <class... Args>
    auto execute_command(std::string_view name, const Args&... arguments) const {
        detail::require_shareable(name);
        return send<Reply>(name, arguments...);
    }
    /// The same for a list that is known only when the program runs.
    auto execute_command(const Texts& words) const {
        detail::require_shareable(words.empty() ? std::string_view() : std::string_view(words[0]));
        return make<Reply>(detail::RedisArguments().add_all(words).text());
    }

    // -- the server ----------------------------------------------------------------------------
    auto ping() const { return send<std::string>("PING"); }
    auto echo(Argument text) const { return send<std::string>("ECHO", text); }
    auto dbsize() const { return send<Count>("DBSIZE"); }
    auto flushdb() const { return send<void>("FLUSHDB"); }

    // -- keys ----------------------------------------------------------------------------------
    auto del(const Texts& keys) const { return list<Count>("DEL", keys); } ///< `delete` in Python.
    auto del(Key key) const { return send<Count>("DEL", key); }
    auto unlink(Key key) const { return send<Count>("UNLINK", key); }
    auto exists(Key key) const { return send<bool>("EXISTS", key); }
    auto expire(Key key, std::chrono::milliseconds time) const {
        return send<bool>("PEXPIRE", key, time.count());
    }
    auto persist(Key key) const { return send<bool>("PERSIST", key); }
    auto pttl(Key key) const { return send<Count>("PTTL", key); } ///< Milliseconds.
    auto ttl(Key key) const { return send<Count>("TTL", key); }   ///< Seconds.
    auto type(Key key) const { return send<std::string>("TYPE", key); }
    auto rename(Key from, Key to) const { return send<void>("RENAME", from, to); }
    auto keys(Key pattern = "*") const { return send<Texts>("KEYS", pattern); }

    // -- strings -------------------------------------------------------------------------------
    auto get(Key key) const { return send<std::optional<std::string>>("GET", key); }
    auto getdel(Key key) const { return send<std::optional<std::string>>("GETDEL", key); }
    /// Returns whether it was set, which depends on nx and xx.
    auto set(Key key, Argument value, const SetOptions& options = {}) const {
        detail::RedisArguments words("SET", key, value);
        if (options.ex) {
            words.add("PX").add(options.ex->count());
        }
        if (options.nx) {
            words.add("NX");
        }
        if (options.xx) {
            words.add("XX");
        }
        if (options.keepttl) {
            words.add("KEEPTTL");
        }
        return make<bool>(words.text());
    }
    auto mget(const Texts& keys) const {
        return list<std::vector<std::optional<std::string>>>("MGET", keys);
    }
    auto mset(const Fields& values) const { return pairs<void>("MSET", values); }
    auto incr(Key key, Count amount = 1) const { return send<Count>("INCRBY", key, amount); }
    auto decr(Key key, Count amount = 1) const { return send<Count>("DECRBY", key, amount); }
    auto incrbyfloat(Key key, double amount) const {
        return send<double>("INCRBYFLOAT", key, amount);
    }
    auto append(Key key, Argument value) const { return send<Count>("APPEND", key, value); }
    auto strlen(Key key) const { return send<Count>("STRLEN", key); }

    // -- hashes --------------------------------------------------------------------------------
    auto hget(Key key, Key field) const {
        return send<std::optional<std::string>>("HGET", key, field);
    }
    auto hset(Key key, Key field, Argument value) const {
        return send<Count>("HSET", key, field, value);
    }
    auto hset(Key key, const Fields& values) const { return pairs<Count>("HSET", values, key); }
    auto hgetall(Key key) const { return send<Fields>("HGETALL", key); }
    auto hmget(Key key, const Texts& fields) const {
        return list<std::vector<std::optional<std::string>>>("HMGET", fields, key);
    }
    auto hdel(Key key, Key field) const { return send<Count>("HDEL", key, field); }
    auto hexists(Key key, Key field) const { return send<bool>("HEXISTS", key, field); }
    auto hincrby(Key key, Key field, Count amount = 1) const {
        return send<Count>("HINCRBY", key, field, amount);
    }
    auto hkeys(Key key) const { return send<Texts>("HKEYS", key); }
    auto hvals(Key key) const { return send<Texts>("HVALS", key); }
    auto hlen(Key key) const { return send<Count>("HLEN", key); }

    // -- lists ---------------------------------------------------------------------------------
    auto lpush(Key key, Argument value) const { return send<Count>("LPUSH", key, value); }
    auto lpush(Key key, const Texts& values) const { return list<Count>("LPUSH", values, key); }
    auto rpush(Key key, Argument value) const { return send<Count>("RPUSH", key, value); }
    auto rpush(Key key, const Texts& values) const { return list<Count>("RPUSH", values, key); }
    auto lpop(Key key) const { return send<std::optional<std::string>>("LPOP", key); }
    auto rpop(Key key) const { return send<std::optional<std::string>>("RPOP", key); }
    auto llen(Key key) const { return send<Count>("LLEN", key); }
    auto lrange(Key key, Count first, Count last) const {
        return send<Texts>("LRANGE", key, first, last);
    }
    auto lindex(Key key, Count index) const {
        return send<std::optional<std::string>>("LINDEX", key, index);
    }
    auto lrem(Key key, Count count, Argument value) const {
        return send<Count>("LREM", key, count, value);
    }
    auto ltrim(Key key, Count first, Count last) const {
        return send<void>("LTRIM", key, first, last);
    }

    // -- sets ----------------------------------------------------------------------------------
    auto sadd(Key key, Argument member) const { return send<Count>("SADD", key, member); }
    auto sadd(Key key, const Texts& members) const { return list<Count>("SADD", members, key); }
    auto srem(Key key, Argument member) const { return send<Count>("SREM", key, member); }
    auto smembers(Key key) const { return send<Texts>("SMEMBERS", key); }
    auto sismember(Key key, Argument member) const { return send<bool>("SISMEMBER", key, member); }
    auto scard(Key key) const { return send<Count>("SCARD", key); }

    // -- sorted sets ---------------------------------------------------------------------------
    auto zadd(Key key, Key member, double score) const {
        return send<Count>("ZADD", key, score, member);
    }
    auto zadd(Key key, const Scores& members) const {
        detail::RedisArguments words("ZADD", key);
        for (const auto& [member, score] : members) {
            words.add(score).add(member);
        }
        return make<Count>(words.text());
    }
    auto zrange(Key key, Count first, Count last) const {
        return send<Texts>("ZRANGE", key, first, last);
    }
    auto zrem(Key key, Key member) const { return send<Count>("ZREM", key, member); }
    auto zscore(Key key, Key member) const {
        return send<std::optional<double>>("ZSCORE", key, member);
    }
    auto zincrby(Key key, double amount, Key member) const {
        return send<double>("ZINCRBY", key, amount, member);
    }
    auto zcard(Key key) const { return send<Count>("ZCARD", key); }

    // -- messages and scripts --------------------------------------------------------------------
    /// Returns the number of subscribers that got it.
    auto publish(Key channel, Argument message) const {
        return send<Count>("PUBLISH", channel, message);
    }
    auto eval(std::string_view script, const Texts& keys = {}, const Texts& arguments = {}) const {
        return make<Reply>(detail::RedisArguments("EVAL", script, keys.size())
                               .add_all(keys)
                               .add_all(arguments)
                               .text());
    }
    auto evalsha(std::string_view sha, const Texts& keys = {}, const Texts& arguments = {}) const {
        return make<Reply>(detail::RedisArguments("EVALSHA", sha, keys.size())
                               .add_all(keys)
                               .add_all(arguments)
                               .text());
    }

protected:
    Commands() = default;
    ~Commands() = default;
    Commands(const Commands&) = default;
    Commands& operator=(const Commands&) = default;

private:
    template <class T, class... Args>
    auto list(std::string_view name, const Texts& items, const Args&... first) const {
        return make<T>(detail::RedisArguments(name, first...).add_all(items).text());
    }
    template <class T, class... Args>
    auto pairs(std::string_view name, const Fields& values, const Args&... first) const {
        detail::RedisArguments words(name, first...);
        for (const auto& [field, value] : values) {
            words.add(field).add(value);
        }
        return make<T>(words.text());
    }
};

} // namespace hocket::redis
