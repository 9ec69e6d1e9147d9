// Options, blocking commands, subscriptions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/redis.hpp>

#include "redis/redis_server.hpp"
#include "support/end_of.hpp"
#include "support/turns.hpp"

namespace {

using hocket::Coro;
using hocket::redis::Client;
using hocket::redis::Message;
using hocket::redis::parse_url;
using hocket::redis::texts;
using std::chrono::milliseconds;
using testing::HasSubstr;

template <class E> std::string message_of(auto call) {
    try {
        call();
    } catch (const E& error) {
        return error.what();
    }
    return "no error";
}

/// Waits until `client`'s server has `count` clients that block.
Coro<> until_blocked(const Client& client, int count) {
    const std::string wanted = "blocked_clients:" + std::to_string(count) + "\r";
    for (;;) {
        const auto info = co_await client.execute_command("INFO", "clients");
        if (info.text().find(wanted) != std::string::npos) {
            co_return;
        }
        co_await hocket::sleep(milliseconds(1));
    }
}

} // namespace

TEST(RedisUrl, HasAllParts) {
    const auto tcp = parse_url("redis://user:p%40ss@example.org:7000/3");
    EXPECT_EQ(tcp.host, "example.org");
    EXPECT_EQ(tcp.port, 7000);
    EXPECT_EQ(tcp.db, 3);
    EXPECT_EQ(tcp.username, "user");
    EXPECT_EQ(tcp.password, "p@ss");
    EXPECT_FALSE(tcp.ssl.is_set());
    const auto v6 = parse_url("rediss://:secret@[::1]");
    EXPECT_EQ(v6.host, "::1");
    EXPECT_EQ(v6.port, 6379);
    EXPECT_EQ(v6.password, "secret");
    EXPECT_TRUE(v6.ssl.is_set());
    const auto local = parse_url("unix:///run/redis.sock?db=2");
    EXPECT_EQ(local.path, "/run/redis.sock");
    EXPECT_EQ(local.db, 2);
}

TEST(RedisUrl, ThatIsWrongIsRefusedWithoutShowingThePassword) {
    const auto refused = [](const char* url) {
        return message_of<hocket::ValueError>([&] { static_cast<void>(parse_url(url)); });
    };
    EXPECT_EQ(refused("http://x"), "'http://x' is not a URL of a Redis server: it must begin with "
                                   "redis://, rediss:// or unix://");
    EXPECT_THAT(refused("redis://u:secret@x:99999"), HasSubstr("'99999'"));
    EXPECT_THAT(refused("redis://u:secret@x:99999"), testing::Not(HasSubstr("secret")));
    EXPECT_THAT(refused("redis://x/one"), HasSubstr("database must be a number"));
    EXPECT_THAT(refused("redis://u%4@x"), HasSubstr("hexadecimal"));
    EXPECT_THAT(refused("unix://"), HasSubstr("path"));
}

TEST(RedisOptions, ThatAreWrongAreRefused) {
    EXPECT_THROW(Client({.port = 0}), hocket::ValueError);
    EXPECT_THROW(Client({.connections = 0}), hocket::ValueError);
    EXPECT_THROW(Client({.retries = -1}), hocket::ValueError);
}

TEST(RedisConnection, AuthenticatesAndSelectsADatabase) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server({"--requirepass", "secret"});
    auto program = [&]() -> Coro<> {
        auto options = server.options();
        options.password = "secret";
        options.db = 3;
        options.client_name = "tests";
        const Client client(options);
        co_await client.set("key", 1);
        const auto name = co_await client.execute_command("CLIENT", "GETNAME");
        EXPECT_EQ(name.as<std::string>(), "tests");
        const auto info = co_await client.execute_command("INFO", "keyspace");
        EXPECT_THAT(info.text(), HasSubstr("db3:keys=1"));
        options.password = "wrong";
        const Client stranger(options);
        std::string code;
        try {
            co_await stranger.ping();
        } catch (const hocket::redis::ResponseError& error) {
            code = error.code();
        }
        EXPECT_EQ(code, "WRONGPASS");
    };
    hocket::run(program);
}

TEST(RedisBlocking, PopsWaitOnConnectionsOfTheirOwn) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        auto popping = hocket::create_task(client.blpop(texts("a", "b"), milliseconds(0)));
        co_await until_blocked(client, 1); // other commands go on
        co_await client.rpush("b", "x");
        const auto popped = co_await popping;
        EXPECT_EQ(popped.value().first, "b");
        EXPECT_EQ(popped.value().second, "x");
        const auto nothing = co_await client.brpop(texts("a"), milliseconds(10));
        EXPECT_FALSE(nothing.has_value());
        co_await client.rpush("from", "y");
        const auto moved = co_await client.blmove("from", "to", milliseconds(0));
        EXPECT_EQ(moved, "y");
        EXPECT_EQ(co_await client.lpop("to"), "y");
        const auto read = co_await client.execute_blocking(
            milliseconds(10), texts("XREAD", "BLOCK", "10", "STREAMS", "stream", "$"));
        EXPECT_TRUE(read.is_nil());
    };
    hocket::run(program);
}

TEST(RedisBlocking, APoolThatIsExhaustedWaitsAndThenThrows) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        auto options = server.options();
        options.max_connections = 1;
        options.pool_timeout = milliseconds(20);
        const Client client(options);
        auto first = hocket::create_task(client.blpop(texts("a"), milliseconds(0)));
        co_await until_blocked(client, 1);
        std::string text;
        try {
            co_await client.blpop(texts("a"), milliseconds(0));
        } catch (const hocket::redis::TimeoutError& error) {
            text = error.what();
        }
        EXPECT_EQ(text, "no connection of the Redis client became free within 20 ms: all 1 are in "
                        "use (max_connections)");
        options.pool_timeout = std::chrono::minutes(1);
        co_await client.rpush("a", "x");
        co_await first;
        const auto nothing = co_await client.blpop(texts("a"), milliseconds(1)); // it is free again
        EXPECT_FALSE(nothing.has_value());
    };
    hocket::run(program);
}

TEST(RedisBlocking, ACancelledPopTakesNothingThatComesLater) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        auto popping = hocket::create_task(client.blpop(texts("a"), milliseconds(0)));
        co_await until_blocked(client, 1);
        popping.cancel();
        co_await end_of(popping);
        co_await until_blocked(client, 0);
        co_await client.rpush("a", "x");
        EXPECT_EQ(co_await client.llen("a"), 1);
        const auto popped = co_await client.blpop(texts("a"), milliseconds(0));
        EXPECT_EQ(popped.value().second, "x");
    };
    hocket::run(program);
}

TEST(RedisPubSub, MessagesOfChannelsAndPatterns) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        const auto pubsub = client.pubsub();
        co_await pubsub.subscribe("news");
        co_await pubsub.psubscribe("log.*");
        auto messages = pubsub.listen();
        auto first = co_await messages.next();
        EXPECT_EQ(first.value().type, Message::Type::subscribe);
        EXPECT_EQ(first.value().channel, "news");
        auto second = co_await messages.next();
        EXPECT_EQ(second.value().type, Message::Type::psubscribe);
        EXPECT_EQ(co_await client.publish("news", "hello"), 1);
        co_await client.publish("log.disk", "full");
        auto third = co_await messages.next();
        EXPECT_EQ(third.value().data, "hello");
        auto fourth = co_await messages.next();
        EXPECT_EQ(fourth.value().type, Message::Type::pmessage);
        EXPECT_EQ(fourth.value().pattern, "log.*");
        EXPECT_EQ(fourth.value().channel, "log.disk");
        EXPECT_EQ(fourth.value().data, "full");
        co_await pubsub.unsubscribe();
        co_await pubsub.punsubscribe();
        while (auto rest = co_await messages.next()) {
            EXPECT_GE(rest->type, Message::Type::unsubscribe);
        }
    };
    hocket::run(program);
}

TEST(RedisPubSub, ASlowConsumerLosesNothing) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        const auto pubsub = client.pubsub();
        co_await pubsub.subscribe("numbers");
        auto messages = pubsub.listen(true);
        // The subscription is there once the server has counted it.
        while (co_await client.publish("numbers", -1) == 0) {
            co_await turns();
        }
        constexpr int count = 5000;
        for (int i = 0; i < count; ++i) {
            co_await client.publish("numbers", i);
        }
        int expected = 0;
        while (expected < count) {
            auto message = co_await messages.next();
            if (message.value().data != "-1") {
                EXPECT_EQ(message.value().data, std::to_string(expected));
                ++expected;
            }
        }
        co_await pubsub.aclose();
        const auto last = co_await messages.next();
        EXPECT_FALSE(last.has_value());
    };
    hocket::run(program);
}

TEST(RedisClient, IsRefusedInAnotherLoopAndAfterItsEnd) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    const Client client(server.options());
    auto ping = [&]() -> Coro<> { co_await client.ping(); };
    hocket::EventLoop first;
    first.run_until_complete(ping());
    hocket::EventLoop second;
    EXPECT_THROW(second.run_until_complete(ping()), hocket::RuntimeError);
    auto close = [&]() -> Coro<> { co_await client.aclose(); };
    first.run_until_complete(close());
    EXPECT_THROW(first.run_until_complete(ping()), hocket::redis::ConnectionError);
}
