#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/redis.hpp>

#include "redis/redis_server.hpp"

namespace {

using hocket::Coro;
using hocket::redis::Client;
using hocket::redis::Fields;
using hocket::redis::Reply;
using hocket::redis::texts;
using hocket::redis::Texts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

template <class Body> void with_client(Body body) {
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        co_await body(client);
        co_await client.aclose();
    };
    hocket::run(program);
}

template <class E, class A> Coro<std::string> error_of(A awaitable) {
    try {
        co_await std::move(awaitable);
    } catch (const E& error) {
        co_return error.what();
    }
    co_return "no error";
}

} // namespace

TEST(Redis, StringsAndKeys) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        EXPECT_EQ(co_await client.ping(), "PONG");
        EXPECT_TRUE(co_await client.set("key", "value"));
        EXPECT_EQ(co_await client.get("key"), "value");
        EXPECT_EQ(co_await client.get("nothing"), std::nullopt);
        const std::string binary("a\0\r\n$5\r\n", 8);
        co_await client.set("binary", binary);
        EXPECT_EQ(co_await client.get("binary"), binary);
        EXPECT_EQ(co_await client.strlen("binary"), 8);
        EXPECT_EQ(co_await client.incr("n"), 1);
        EXPECT_EQ(co_await client.incr("n", 41), 42);
        EXPECT_EQ(co_await client.decr("n", 2), 40);
        EXPECT_EQ(co_await client.incrbyfloat("n", 0.5), 40.5);
        EXPECT_EQ(co_await client.append("key", 7), 6);
        const Texts keys{"key", "nothing"};
        const auto values = co_await client.mget(keys);
        EXPECT_THAT(values, ElementsAre("value7", std::nullopt));
        EXPECT_TRUE(co_await client.exists("key"));
        EXPECT_EQ(co_await client.type("key"), "string");
        EXPECT_EQ(co_await client.getdel("key"), "value7");
        EXPECT_FALSE(co_await client.exists("key"));
        co_await client.rename("n", "m");
        EXPECT_EQ(co_await client.del("m"), 1);
        EXPECT_EQ(co_await client.dbsize(), 1);
        co_await client.flushdb();
        EXPECT_EQ(co_await client.dbsize(), 0);
    });
}

TEST(Redis, SetHasConditionsAndTimes) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        EXPECT_FALSE(co_await client.set("key", 1, {.xx = true}));
        EXPECT_TRUE(co_await client.set("key", 1, {.ex = std::chrono::hours(1), .nx = true}));
        EXPECT_FALSE(co_await client.set("key", 2, {.nx = true}));
        const auto left = co_await client.ttl("key");
        EXPECT_GT(left, 0);
        EXPECT_LE(left, 3600);
        EXPECT_TRUE(co_await client.persist("key"));
        EXPECT_EQ(co_await client.pttl("key"), -1);
        EXPECT_TRUE(co_await client.expire("key", std::chrono::milliseconds(0)));
        EXPECT_EQ(co_await client.get("key"), std::nullopt);
    });
}

TEST(Redis, Hashes) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        EXPECT_EQ(co_await client.hset("h", "a", 1), 1);
        const Fields more{{"b", "2"}, {"c", "3"}};
        EXPECT_EQ(co_await client.hset("h", more), 2);
        const auto all = co_await client.hgetall("h");
        EXPECT_EQ(all, (Fields{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
        EXPECT_EQ(co_await client.hget("h", "b"), "2");
        EXPECT_EQ(co_await client.hget("h", "z"), std::nullopt);
        EXPECT_EQ(co_await client.hincrby("h", "a", 5), 6);
        EXPECT_TRUE(co_await client.hexists("h", "a"));
        EXPECT_EQ(co_await client.hdel("h", "a"), 1);
        EXPECT_EQ(co_await client.hlen("h"), 2);
        const auto keys = co_await client.hkeys("h");
        EXPECT_THAT(keys, UnorderedElementsAre("b", "c"));
    });
}

TEST(Redis, ListsSetsAndSortedSets) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        const Texts three{"b", "c", "d"};
        EXPECT_EQ(co_await client.rpush("l", three), 3);
        EXPECT_EQ(co_await client.lpush("l", "a"), 4);
        const auto items = co_await client.lrange("l", 0, -1);
        EXPECT_THAT(items, ElementsAre("a", "b", "c", "d"));
        EXPECT_EQ(co_await client.lpop("l"), "a");
        EXPECT_EQ(co_await client.rpop("l"), "d");
        EXPECT_EQ(co_await client.lindex("l", 5), std::nullopt);
        co_await client.ltrim("l", 0, 0);
        EXPECT_EQ(co_await client.llen("l"), 1);
        EXPECT_EQ(co_await client.sadd("s", three), 3);
        EXPECT_TRUE(co_await client.sismember("s", "c"));
        EXPECT_EQ(co_await client.srem("s", "c"), 1);
        const auto members = co_await client.smembers("s");
        EXPECT_THAT(members, UnorderedElementsAre("b", "d"));
        const hocket::redis::Scores scores{{"x", 2.5}, {"y", 1}};
        EXPECT_EQ(co_await client.zadd("z", scores), 2);
        EXPECT_EQ(co_await client.zscore("z", "x"), 2.5);
        EXPECT_EQ(co_await client.zscore("z", "none"), std::nullopt);
        EXPECT_EQ(co_await client.zincrby("z", 10, "y"), 11);
        const auto ranked = co_await client.zrange("z", 0, -1);
        EXPECT_THAT(ranked, ElementsAre("x", "y"));
    });
}

TEST(Redis, AnyCommandCanBeExecuted) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        co_await client.set("key", "value");
        const Reply reply = co_await client.execute_command("GETRANGE", "key", 0, 2);
        EXPECT_EQ(reply.as<std::string>(), "val");
        const Texts words{"CONFIG", "GET", "appendonly"};
        Reply config = co_await client.execute_command(words);
        EXPECT_EQ(std::move(config).as<Fields>(), (Fields{{"appendonly", "yes"}}));
        const Reply nested = co_await client.execute_command("COMMAND", "INFO", "get");
        EXPECT_EQ(nested.elements().at(0).elements().at(0).as<std::string>(), "get");
    });
}

TEST(Redis, CommandsThatChangeTheConnectionAreRefused) {
    const Client client;
    EXPECT_THROW(static_cast<void>(client.execute_command("subscribe", "x")), hocket::ValueError);
    EXPECT_THROW(static_cast<void>(client.execute_command("MULTI")), hocket::ValueError);
    EXPECT_THROW(static_cast<void>(client.execute_command(Texts{"SELECT", "1"})),
                 hocket::ValueError);
    EXPECT_THROW(static_cast<void>(client.execute_command(Texts())), hocket::ValueError);
}

TEST(Redis, ErrorsOfTheServerHaveTheirCode) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        co_await client.set("key", "value");
        std::string code;
        try {
            co_await client.lpush("key", "x");
        } catch (const hocket::redis::ResponseError& error) {
            code = error.code();
            EXPECT_THAT(error.what(), HasSubstr("wrong kind of value"));
        }
        EXPECT_EQ(code, "WRONGTYPE");
        EXPECT_EQ(co_await client.get("key"), "value"); // the connection is in order
        const Reply text = co_await client.execute_command("GET", "key");
        EXPECT_THROW(static_cast<void>(text.as<int>()), hocket::redis::DataError);
    });
}

TEST(Redis, ReplyConversions) {
    using Kind = Reply::Kind;
    EXPECT_EQ(Reply(Kind::integer, std::int64_t{300}).as<int>(), 300);
    EXPECT_THROW(static_cast<void>(Reply(Kind::integer, std::int64_t{300}).as<std::uint8_t>()),
                 hocket::redis::DataError);
    EXPECT_EQ(Reply(Kind::string, "12").as<int>(), 12);
    EXPECT_EQ(Reply(Kind::string, "1.5").as<double>(), 1.5);
    EXPECT_EQ(Reply(2.5).as<double>(), 2.5);
    EXPECT_TRUE(Reply(Kind::boolean, std::int64_t{1}).as<bool>());
    EXPECT_EQ(Reply().as<std::optional<int>>(), std::nullopt);
    EXPECT_THROW(static_cast<void>(Reply().as<int>()), hocket::redis::DataError);
    EXPECT_THROW(static_cast<void>(Reply(Kind::string, "12x").as<int>()), hocket::redis::DataError);
    EXPECT_THROW(static_cast<void>(Reply(Kind::error, "ERR no").as<std::optional<int>>()),
                 hocket::redis::ResponseError);
}

TEST(Redis, ScanIterYieldsAllKeys) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        Fields values;
        for (int i = 0; i < 500; ++i) {
            values.emplace("key:" + std::to_string(i), "x");
        }
        co_await client.mset(values);
        co_await client.set("other", "x");
        std::set<std::string> seen;
        auto keys = client.scan_iter("key:*", 50);
        while (auto key = co_await keys.next()) {
            seen.insert(*key);
        }
        EXPECT_EQ(seen.size(), 500U);
    });
}

TEST(Redis, APipelineIsAnsweredTogether) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        for (const bool is_transaction : {true, false}) {
            co_await client.flushdb();
            const auto pipeline = client.pipeline(is_transaction);
            pipeline.set("a", 1).incr("a").get("a").get("none");
            EXPECT_EQ(pipeline.size(), 4U);
            const auto replies = co_await pipeline.execute();
            EXPECT_EQ(replies.at(1).as<int>(), 2);
            EXPECT_EQ(replies.at(2).as<std::string>(), "2");
            EXPECT_TRUE(replies.at(3).is_nil());
            pipeline.lpush("a", "x").incr("a");
            EXPECT_THAT(co_await error_of<hocket::redis::ResponseError>(pipeline.execute()),
                        HasSubstr("WRONGTYPE"));
            pipeline.lpush("a", "x").incr("a");
            const auto with_error = co_await pipeline.execute(false);
            EXPECT_TRUE(with_error.at(0).is_error());
            EXPECT_EQ(with_error.at(1).as<int>(), 4);
        }
        const auto empty = co_await client.pipeline(false).execute();
        EXPECT_TRUE(empty.empty());
    });
}

TEST(Redis, ATransactionThatIsRefusedExecutesNothing) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        const auto pipeline = client.pipeline();
        pipeline.set("a", 1);
        pipeline.execute_command("NOSUCHCOMMAND");
        EXPECT_THAT(co_await error_of<hocket::redis::ResponseError>(pipeline.execute()),
                    HasSubstr("unknown command"));
        EXPECT_FALSE(co_await client.exists("a"));
    });
}

TEST(Redis, ATransactionIsRepeatedWhenAWatchedKeyChanges) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        co_await client.set("n", 1);
        int attempts = 0;
        auto body = [&](hocket::redis::Transaction& transaction) -> Coro<> {
            const auto value = co_await transaction.get("n");
            if (++attempts == 1) {
                co_await client.set("n", 10); // somebody else
            }
            transaction.multi().set("n", std::stoi(value.value()) + 1);
        };
        const auto replies = co_await client.transaction(texts("n"), body);
        EXPECT_EQ(attempts, 2);
        EXPECT_EQ(replies.size(), 1U);
        EXPECT_EQ(co_await client.get("n"), "11");
        auto always_late = [&](hocket::redis::Transaction& transaction) -> Coro<> {
            co_await client.incr("n");
            transaction.multi().get("n");
        };
        EXPECT_THAT(co_await error_of<hocket::redis::WatchError>(
                        client.transaction(texts("n"), always_late, 3)),
                    HasSubstr("watched key"));
        EXPECT_EQ(co_await client.get("n"), "14");
    });
}

TEST(Redis, ScriptsAreLoadedOnceAndAgainWhenTheServerHasForgottenThem) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        const auto script =
            client.register_script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}");
        const Reply first = co_await script(texts("k"), texts("v"));
        EXPECT_EQ(first.elements().at(1).as<std::string>(), "v");
        co_await client.execute_command("SCRIPT", "FLUSH");
        const Reply second = co_await script(texts("k"), texts("v"));
        EXPECT_EQ(second.elements().at(2).as<int>(), 2);
        const auto broken = client.register_script("this is not Lua");
        EXPECT_THAT(co_await error_of<hocket::redis::ResponseError>(broken()),
                    HasSubstr("compiling script"));
    });
}

TEST(Redis, CommandsOfManyTasksGetTheirOwnReplies) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        auto check = [&](int i) -> Coro<> {
            const std::string key = "key:" + std::to_string(i);
            co_await client.set(key, i);
            const auto value = co_await client.get(key);
            EXPECT_EQ(value, std::to_string(i));
        };
        std::vector<Coro<>> tasks;
        for (int i = 0; i < 1000; ++i) {
            tasks.push_back(check(i));
        }
        co_await hocket::gather(std::move(tasks));
    });
}

TEST(Redis, LargeValuesGoBothWays) {
    SKIP_WITHOUT_REDIS();
    with_client([](const Client& client) -> Coro<> {
        const std::string large(20'000'000, 'x');
        auto exchange = [&](int i) -> Coro<> {
            const std::string key = std::to_string(i);
            co_await client.set(key, large);
            const auto value = co_await client.get(key);
            EXPECT_EQ(value.value().size(), large.size());
            co_await client.del(key);
        };
        std::vector<Coro<>> tasks;
        for (int i = 0; i < 3; ++i) {
            tasks.push_back(exchange(i));
        }
        co_await hocket::gather(std::move(tasks));
    });
}
