// examples/databases/json_api.cpp with real servers: its answers, its cache, load, and its end.

#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/postgres.hpp>
#include <hocket/redis.hpp>

#include "crawl/running_program.hpp"
#include "postgres/http_client.hpp"
#include "postgres/server.hpp"
#include "redis/redis_server.hpp"

namespace {

using hocket::Coro;
using postgres_test::Answer;
using postgres_test::HttpClient;
using postgres_test::Server;
namespace postgres = hocket::postgres;
namespace redis = hocket::redis;

std::string body_of(const std::string& name, std::int64_t price) {
    return R"({"name": ")" + name + R"(", "price": )" + std::to_string(price) + "}";
}
std::string json_of(std::int64_t id, const std::string& name, std::int64_t price) {
    return R"({"id":)" + std::to_string(id) + R"(,"name":")" + name + R"(","price":)" +
           std::to_string(price) + "}";
}

std::string path_of(const Answer& answer) {
    return "/items/" + answer.body.substr(6, answer.body.find(',') - 6);
}

/// Runs `client(number)` for 64 numbers at the same time.
template <class Client> Coro<> run_64(Client& client) {
    auto body = [&](hocket::TaskGroup& group) -> Coro<> {
        for (int number = 0; number < 64; ++number) {
            group.create_task(client(number));
        }
        co_return;
    };
    co_await hocket::with_task_group(body);
}

/// The program, which has no items yet.
class JsonApi : public postgres_test::PostgresTest {
protected:
    void SetUp() override {
        PostgresTest::SetUp();
        SKIP_WITHOUT_REDIS();
        if (IsSkipped()) {
            return;
        }
        redis_.emplace(std::vector<std::string>{"--appendonly", "no"});
        auto drop = []() -> Coro<> {
            auto db = co_await postgres::connect(Server::shared().dsn());
            co_await db.execute("DROP TABLE IF EXISTS items");
        };
        hocket::run(drop);
        program_.emplace(std::vector<std::string>{crawl_tests::example("databases/json_api"),
                                                  Server::shared().dsn(),
                                                  "unix://" + redis_->socket_path(), "0"});
        const std::string line = program_->read_line();
        const std::string start = "serving on http://127.0.0.1:";
        ASSERT_EQ(line.substr(0, start.size()), start);
        port_ = std::stoi(line.substr(start.size()));
    }

    Coro<Answer> ask(std::string method, std::string path, std::string body = "") {
        HttpClient client = co_await HttpClient::connect(port_);
        const auto answer = co_await client.ask(method, path, body);
        co_return answer.value_or(Answer());
    }
    Coro<std::map<std::string, std::int64_t>> stored_prices() {
        auto db = co_await postgres::connect(Server::shared().dsn());
        std::map<std::string, std::int64_t> prices;
        for (const auto row : co_await db.fetch("SELECT name, price FROM items")) {
            prices.emplace(row.get<std::string>(0), row.get<std::int64_t>(1));
        }
        co_return prices;
    }
    /// After SIGTERM: it has said nothing, and its status is 0.
    void expect_end() {
        EXPECT_EQ(program_->read_all(), "");
        EXPECT_EQ(program_->wait(), 0);
    }

    std::optional<RedisServer> redis_;
    std::optional<crawl_tests::RunningProgram> program_;
    int port_ = 0;
};

TEST_F(JsonApi, StoresAndChangesItems) {
    auto main = [&]() -> Coro<> {
        const Answer made = co_await ask("POST", "/items", body_of("lamp", 40));
        EXPECT_EQ(made.status, 201);
        EXPECT_EQ(made.body, json_of(1, "lamp", 40));
        EXPECT_NE(made.head.find("Content-Type: application/json\r\n"), std::string::npos);
        EXPECT_EQ((co_await ask("GET", "/items/1")).body, json_of(1, "lamp", 40));
        const Answer changed = co_await ask("PUT", "/items/1", body_of("big lamp", 50));
        EXPECT_EQ(changed.status, 200);
        EXPECT_EQ(changed.body, json_of(1, "big lamp", 50));
        EXPECT_EQ((co_await ask("GET", "/items/1")).body, json_of(1, "big lamp", 50));
    };
    hocket::run(main);
}

TEST_F(JsonApi, SaysWhatIsNotThere) {
    auto main = [&]() -> Coro<> {
        EXPECT_EQ((co_await ask("GET", "/items/7")).body, "404 Not Found: no such item\n");
        EXPECT_EQ((co_await ask("PUT", "/items/7", body_of("x", 1))).status, 404);
        EXPECT_EQ((co_await ask("GET", "/items/lamp")).status, 404);
        EXPECT_EQ((co_await ask("GET", "/items/99999999999999999999")).status, 404);
        EXPECT_EQ((co_await ask("DELETE", "/items/7")).status, 405);
    };
    hocket::run(main);
}

TEST_F(JsonApi, SaysWhatIsWrongWithABody) {
    const std::string no_object = "400 Bad Request: the body must be a JSON object\n";
    const std::string no_name = "400 Bad Request: \"name\" must be a text that is not empty\n";
    const std::string no_price =
        "400 Bad Request: \"price\" must be a whole number, not negative\n";
    const std::map<std::string, std::string> cases{
        {"", no_object},
        {R"({"name": "lamp")", no_object},
        {"[1, 2]", no_object},
        {"{\"name\": \"\xff\", \"price\": 1}", no_object}, // not UTF-8
        {R"({"price": 1})", no_name},
        {R"({"name": "", "price": 1})", no_name},
        {R"({"name": 7, "price": 1})", no_name},
        {R"({"name": "a\u0000b", "price": 1})", no_name}, // PostgreSQL cannot store it
        {R"({"name": "lamp"})", no_price},
        {R"({"name": "lamp", "price": "much"})", no_price},
        {R"({"name": "lamp", "price": true})", no_price},
        {R"({"name": "lamp", "price": 1.5})", no_price},
        {R"({"name": "lamp", "price": -1})", no_price},
        {R"({"name": "lamp", "price": 9223372036854775808})", no_price},
        {R"({"name": "lamp", "price": 18446744073709551616})", no_price},
    };
    auto main = [&]() -> Coro<> {
        for (const auto& [body, expected] : cases) {
            EXPECT_EQ((co_await ask("POST", "/items", body)).body, expected) << body;
        }
        EXPECT_EQ((co_await ask("PUT", "/items/1", "{}")).body, no_name);
        EXPECT_EQ((co_await stored_prices()).size(), 0U);
        const Answer most = co_await ask("POST", "/items", body_of("lamp", INT64_MAX));
        EXPECT_EQ(most.status, 201);
    };
    hocket::run(main);
}

TEST_F(JsonApi, ReadsFromTheCacheUntilAnItemChanges) {
    auto main = [&]() -> Coro<> {
        const redis::Client cache(redis_->options());
        co_await ask("POST", "/items", body_of("lamp", 40));
        EXPECT_FALSE(co_await cache.exists("item:1"));
        co_await ask("GET", "/items/1");
        EXPECT_EQ(co_await cache.get("item:1"), json_of(1, "lamp", 40));
        EXPECT_GT(co_await cache.pttl("item:1"), 0);
        co_await cache.set("item:1", "from the cache", {.keepttl = true});
        EXPECT_EQ((co_await ask("GET", "/items/1")).body, "from the cache");

        co_await ask("PUT", "/items/1", body_of("lamp", 50));
        EXPECT_EQ(co_await cache.get("item:1"), "");
        EXPECT_GT(co_await cache.pttl("item:1"), 0);
        EXPECT_EQ((co_await ask("GET", "/items/1")).body, json_of(1, "lamp", 50));
        EXPECT_EQ(co_await cache.get("item:1"), ""); // readers of the old item may still be there
        co_await cache.del("item:1");
        co_await ask("GET", "/items/1");
        EXPECT_EQ(co_await cache.get("item:1"), json_of(1, "lamp", 50));
    };
    hocket::run(main);
}

TEST_F(JsonApi, WorksWithoutRedisAndUsesItAgainWhenItIsBack) {
    auto main = [&]() -> Coro<> {
        co_await ask("POST", "/items", body_of("lamp", 40));
        co_await ask("GET", "/items/1");
        redis_->kill();
        EXPECT_EQ((co_await ask("GET", "/items/1")).body, json_of(1, "lamp", 40));
        EXPECT_EQ((co_await ask("PUT", "/items/1", body_of("lamp", 50))).status, 200);
        EXPECT_EQ((co_await ask("GET", "/items/1")).body, json_of(1, "lamp", 50));
        EXPECT_EQ((co_await ask("POST", "/items", body_of("chair", 9))).status, 201);
        redis_->start();
        const redis::Client cache(redis_->options());
        while (!co_await cache.exists("item:1")) {
            EXPECT_EQ((co_await ask("GET", "/items/1")).body, json_of(1, "lamp", 50));
        }
    };
    hocket::run(main);
}

TEST_F(JsonApi, KeepsEveryWriteOf64ConnectionsAndShowsItToTheNextReader) {
    const int rounds = 16;
    std::map<std::string, std::int64_t> acknowledged;
    auto client = [&](int number) -> Coro<> {
        HttpClient connection = co_await HttpClient::connect(port_);
        const std::string name = "item " + std::to_string(number);
        const auto made = co_await connection.ask("POST", "/items", body_of(name, 0));
        EXPECT_EQ(made.value().status, 201) << made->body;
        acknowledged[name] = 0;
        const std::string path = path_of(*made);
        for (int round = 1; round <= rounds; ++round) {
            // Items that other clients change at the same time, or have not made yet.
            const int other = 1 + (number * 7 + round) % 64;
            const auto seen = co_await connection.ask("GET", "/items/" + std::to_string(other));
            EXPECT_TRUE(seen.value().status == 200 || seen->status == 404) << seen->body;

            const auto changed = co_await connection.ask("PUT", path, body_of(name, round));
            EXPECT_EQ(changed.value().status, 200) << changed->body;
            acknowledged[name] = round;
            const auto own = co_await connection.ask("GET", path);
            EXPECT_EQ(own.value().body, changed->body);
        }
    };
    auto main = [&]() -> Coro<> {
        co_await run_64(client);
        EXPECT_EQ(acknowledged.size(), 64U);
        EXPECT_EQ(co_await stored_prices(), acknowledged);
    };
    hocket::run(main);
    program_->send_signal(SIGTERM);
    expect_end();
}

TEST_F(JsonApi, AnswersWhatItHasAcceptedWhenItEndsUnderLoad) {
    std::map<std::string, std::int64_t> acknowledged;
    int answers = 0;
    auto client = [&](int number) -> Coro<> {
        HttpClient connection = co_await HttpClient::connect(port_);
        for (int round = 0;; ++round) {
            const std::string name = std::to_string(number) + "." + std::to_string(round);
            const auto made = co_await connection.ask("POST", "/items", body_of(name, round));
            if (!made) {
                co_return; // the connection was closed before the request was accepted
            }
            EXPECT_EQ(made->status, 201) << made->body;
            acknowledged[name] = round;
            ++answers;
            if (answers == 1000) {
                program_->send_signal(SIGTERM);
            }
            const auto own = co_await connection.ask("GET", path_of(*made));
            if (!own) {
                co_return;
            }
            EXPECT_EQ(own->body, made->body);
        }
    };
    auto main = [&]() -> Coro<> {
        co_await run_64(client);
        EXPECT_GE(answers, 1000);
        EXPECT_EQ(co_await stored_prices(), acknowledged); // each one that was executed
    };
    hocket::run(main);
    expect_end();
}

TEST_F(JsonApi, WaitsForTheBodyOfARequestThatItHasAccepted) {
    const std::string body = body_of("lamp", 40);
    auto main = [&]() -> Coro<> {
        HttpClient idle = co_await HttpClient::connect(port_);
        co_await idle.ask("GET", "/items/1");
        std::vector<HttpClient> accepted;
        for (int i = 0; i < 8; ++i) {
            accepted.push_back(co_await HttpClient::connect(port_));
            co_await accepted.back().announce("POST", "/items", body.size());
        }
        program_->send_signal(SIGTERM);
        EXPECT_FALSE((co_await idle.receive()).has_value()); // closed, so it ends
        for (HttpClient& client : accepted) {
            client.send(body);
            const auto answer = co_await client.receive();
            EXPECT_EQ(answer.value().status, 201);
            EXPECT_NE(answer->head.find("Connection: close\r\n"), std::string::npos);
        }
    };
    hocket::run(main);
    expect_end();
}

} // namespace
