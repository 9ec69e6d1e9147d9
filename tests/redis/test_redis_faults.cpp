// The server is killed, silent, or wrong; tasks are cancelled.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
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
using hocket::redis::ClientOptions;
using hocket::redis::texts;
using std::chrono::milliseconds;
using testing::HasSubstr;

/// A server that sends `answer` when it has received something, and then stays silent.
Coro<hocket::Server> start_fake_server(std::string answer) {
    auto handler = [answer = std::move(answer)](hocket::StreamReader reader,
                                                hocket::StreamWriter writer) -> Coro<> {
        co_await reader.read(1);
        writer.write(answer);
        co_await reader.read(-1); // until the client goes
    };
    co_return co_await hocket::start_server(handler, "127.0.0.1", 0);
}

ClientOptions options_for(const hocket::Server& server) {
    ClientOptions options;
    options.host = "127.0.0.1";
    options.port = server.sockets().at(0).port();
    options.retries = 0;
    return options;
}

template <class E, class A> Coro<std::string> error_of(A awaitable) {
    try {
        co_await std::move(awaitable);
    } catch (const E& error) {
        co_return error.what();
    }
    co_return "no error";
}

Coro<> get(const Client& client, std::string key) { co_await client.get(key); }

} // namespace

TEST(RedisFaults, ASilentServerIsATimeoutForAllThatWait) {
    auto program = []() -> Coro<> {
        auto server = co_await start_fake_server("");
        auto options = options_for(server);
        options.timeout = milliseconds(30);
        const Client client(options);
        auto first = hocket::create_task(get(client, "a"));
        auto second = hocket::create_task(get(client, "b"));
        co_await end_of(first);
        co_await end_of(second);
        EXPECT_EQ(ending(first), "the Redis server has been silent for 30 ms");
        EXPECT_EQ(ending(second), "the Redis server has been silent for 30 ms");
        server.close_clients();
    };
    hocket::run(program);
}

TEST(RedisFaults, ABlockingCommandMayWaitLongerThanACommandBeforeItOnItsConnection) {
    SKIP_WITHOUT_REDIS();
    RedisServer server;
    auto program = [&]() -> Coro<> {
        auto options = server.options();
        options.timeout = milliseconds(100);
        const Client client(options);
        co_await client.rpush("list", "early");
        co_await client.blpop(texts("list"), milliseconds(50));
        auto popping = hocket::create_task(client.blpop(texts("list"), milliseconds(0)));
        co_await hocket::sleep(milliseconds(300));
        co_await client.rpush("list", "late");
        co_await end_of(popping);
        EXPECT_EQ(ending(popping), "done");
    };
    hocket::run(program);
}

TEST(RedisFaults, HalfAReplyIsATimeout) {
    auto program = []() -> Coro<> {
        auto server = co_await start_fake_server("$10\r\nhalf");
        auto options = options_for(server);
        options.timeout = milliseconds(30);
        const Client client(options);
        EXPECT_EQ(co_await error_of<hocket::redis::TimeoutError>(get(client, "a")),
                  "the Redis server has been silent for 30 ms");
        server.close_clients();
    };
    hocket::run(program);
}

TEST(RedisFaults, WhatIsNotTheProtocolIsAnError) {
    auto program = []() -> Coro<> {
        auto server = co_await start_fake_server("HTTP/1.1 400 Bad Request\r\n\r\n");
        const Client client(options_for(server));
        EXPECT_THAT(co_await error_of<hocket::redis::ProtocolError>(get(client, "a")),
                    HasSubstr("is not Redis's protocol"));
        server.close_clients();
    };
    hocket::run(program);
}

TEST(RedisFaults, RepliesHaveALimit) {
    auto program = []() -> Coro<> {
        for (const std::string& answer :
             {std::string("$2000000\r\n") + std::string(1'500'000, 'x'),
              "*100000\r\n" + std::string(40'000, ':').append("\r\n"), [] {
                  std::string many = "*50000\r\n";
                  for (int i = 0; i < 50'000; ++i) {
                      many += ":1\r\n";
                  }
                  return many;
              }()}) {
            auto server = co_await start_fake_server(answer);
            auto options = options_for(server);
            options.max_reply_size = 1'000'000;
            options.timeout = std::chrono::seconds(60);
            const Client client(options);
            EXPECT_NE(co_await error_of<hocket::redis::ProtocolError>(get(client, "a")),
                      "no error");
            server.close_clients();
        }
    };
    hocket::run(program);
}

TEST(RedisFaults, AServerThatIsNotThereIsTriedAgainAndThenAnError) {
    auto program = []() -> Coro<> {
        ClientOptions options;
        options.path = "/nowhere/redis.sock";
        options.retries = 3;
        options.backoff = milliseconds(1);
        const Client client(options);
        const std::string text =
            co_await error_of<hocket::redis::ConnectionError>(get(client, "a"));
        EXPECT_THAT(text, HasSubstr("cannot connect to the Redis server at /nowhere/redis.sock"));
    };
    hocket::run(program);
}

TEST(RedisFaults, CommandsWaitForAServerThatComes) {
    SKIP_WITHOUT_REDIS();
    RedisServer server;
    server.kill();
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        auto waiting = hocket::create_task(get(client, "a"));
        co_await hocket::sleep(milliseconds(5));
        EXPECT_FALSE(waiting.done());
        server.start();
        co_await waiting;
    };
    hocket::run(program);
}

TEST(RedisFaults, AKilledServerFailsWhatWasSentAndTheClientHeals) {
    SKIP_WITHOUT_REDIS();
    RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        int acknowledged = 0;
        int failed = 0;
        auto write = [&]() -> Coro<> {
            for (int i = 0; i < 100; ++i) {
                try {
                    co_await client.incr("n");
                    ++acknowledged;
                } catch (const hocket::redis::ConnectionError&) {
                    ++failed;
                }
            }
        };
        std::vector<hocket::Task<>> writers;
        for (int i = 0; i < 20; ++i) {
            writers.push_back(hocket::create_task(write()));
        }
        while (acknowledged < 200) {
            co_await turns();
        }
        auto popping = hocket::create_task(client.blpop(texts("list"), milliseconds(0)));
        auto slow = hocket::create_task(client.pipeline().set("a", 1).set("b", 2).execute());
        co_await turns(3);
        server.restart();
        for (auto& writer : writers) {
            co_await writer;
        }
        co_await end_of(popping);
        co_await end_of(slow);
        EXPECT_THAT(ending(popping), HasSubstr("connection to the Redis server was lost"));
        EXPECT_TRUE(ending(slow) == "done" || ending(slow).find("lost") != std::string::npos);
        EXPECT_EQ(acknowledged + failed, 2000);
        EXPECT_GT(failed, 0);
        // Nothing that was acknowledged is lost. What failed may have been executed.
        const auto n = co_await client.get("n");
        EXPECT_GE(std::stoi(n.value()), acknowledged);
        EXPECT_LE(std::stoi(n.value()), acknowledged + failed);
        const auto a = co_await client.exists("a");
        EXPECT_EQ(co_await client.exists("b"), a); // a transaction: both or none
        co_await client.rpush("list", "x");
        const auto popped = co_await client.blpop(texts("list"), milliseconds(0));
        EXPECT_EQ(popped.value().second, "x");
    };
    hocket::run(program);
}

TEST(RedisFaults, ASubscriptionIsMadeAgain) {
    SKIP_WITHOUT_REDIS();
    RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        const auto pubsub = client.pubsub();
        co_await pubsub.subscribe("news");
        co_await pubsub.psubscribe("log.*");
        auto messages = pubsub.listen();
        co_await messages.next();
        co_await messages.next();
        auto next = [&]() -> Coro<std::string> {
            for (;;) {
                auto message = co_await messages.next();
                if (message.value().type <= hocket::redis::Message::Type::pmessage) {
                    co_return message.value().data;
                }
            }
        };
        auto waiting = hocket::create_task(next());
        co_await turns(3);
        server.restart();
        auto publish = [&](std::string channel, std::string data) -> Coro<> {
            for (bool is_delivered = false; !is_delivered;) {
                try {
                    is_delivered = co_await client.publish(channel, data) > 0;
                } catch (const hocket::redis::ConnectionError&) {
                }
                co_await turns();
            }
        };
        co_await publish("news", "again");
        EXPECT_EQ(co_await waiting, "again");
        co_await publish("log.x", "and again");
        EXPECT_EQ(co_await next(), "and again");
    };
    hocket::run(program);
}

TEST(RedisFaults, TheRepliesOfCancelledCommandsAreDropped) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server;
    auto program = [&]() -> Coro<> {
        const Client client(server.options());
        for (int i = 0; i < 50; ++i) {
            co_await client.set(std::to_string(i), i);
        }
        std::vector<hocket::Task<>> tasks;
        auto check = [&](int i) -> Coro<> {
            const auto value = co_await client.get(std::to_string(i));
            EXPECT_EQ(value, std::to_string(i));
        };
        for (int i = 0; i < 50; ++i) {
            tasks.push_back(hocket::create_task(check(i)));
        }
        co_await turns(2);
        for (int i = 0; i < 50; i += 3) {
            tasks[static_cast<std::size_t>(i)].cancel();
        }
        for (auto& task : tasks) {
            co_await end_of(task);
        }
        EXPECT_FALSE(tasks[1].cancelled());
    };
    hocket::run(program);
}

namespace {

struct Case {
    const char* name;
    std::function<Coro<>(const Client&)> run;
};

const std::vector<Case> cases{
    {"command", [](const Client& client) -> Coro<> { co_await client.get("key"); }},
    {"pipeline",
     [](const Client& client) -> Coro<> {
         const auto pipeline = client.pipeline();
         pipeline.set("a", 1).set("b", 1);
         co_await pipeline.execute();
     }},
    {"transaction",
     [](const Client& client) -> Coro<> {
         auto body = [](hocket::redis::Transaction& transaction) -> Coro<> {
             co_await transaction.get("a");
             transaction.multi().set("a", 1).set("b", 1);
         };
         co_await client.transaction(texts("a"), body);
     }},
    {"script",
     [](const Client& client) -> Coro<> {
         const auto script = client.register_script("return 1");
         co_await script();
     }},
    {"blocking",
     [](const Client& client) -> Coro<> {
         co_await client.rpush("list", "x");
         co_await client.blmove("list", "list", milliseconds(0));
         co_await client.blpop(texts("list"), milliseconds(0));
     }},
    {"subscription",
     [](const Client& client) -> Coro<> {
         const auto pubsub = client.pubsub();
         co_await pubsub.subscribe("news");
         auto messages = pubsub.listen();
         co_await messages.next();
         co_await client.publish("news", "x");
         co_await messages.next();
         co_await pubsub.unsubscribe();
     }},
    {"connecting",
     [](const Client& client) -> Coro<> {
         co_await client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
         const Client other = client;
         co_await other.get("key");
     }},
};

class RedisSweep : public testing::TestWithParam<Case> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Operations, RedisSweep, testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

// Whenever it is cancelled, the connections stay in step: the next replies are those of the next
// commands, and transactions have happened as a whole or not at all.
TEST_P(RedisSweep, CancelledAtEveryTurn) {
    SKIP_WITHOUT_REDIS();
    const RedisServer server({"--appendonly", "no"});
    auto program = [&]() -> Coro<> {
        auto options = server.options();
        options.max_connections = 2;
        bool was_cancelled = true;
        for (int step = 0; was_cancelled && step < 50'000'000; step = next_step(step)) {
            const Client client(options);
            co_await client.flushdb();
            co_await client.set("key", step);
            auto task = hocket::create_task(GetParam().run(client));
            for (int i = 0; i < step && !task.done(); ++i) {
                co_await turns();
            }
            task.cancel();
            co_await end_of(task);
            was_cancelled = task.cancelled();
            EXPECT_EQ(co_await client.get("key"), std::to_string(step));
            const bool has_a = co_await client.exists("a");
            EXPECT_EQ(co_await client.exists("b"), has_a);
            // Both connections of the pool can be used.
            co_await client.rpush("other", "1");
            co_await client.rpush("other", "2");
            auto first = hocket::create_task(client.blpop(texts("other"), milliseconds(0)));
            auto second = hocket::create_task(client.blpop(texts("other"), milliseconds(0)));
            co_await first;
            co_await second;
            co_await client.aclose();
        }
        EXPECT_FALSE(was_cancelled);
    };
    hocket::run(program);
}
