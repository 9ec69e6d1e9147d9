#include <hocket/postgres.hpp>

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "postgres/server.hpp"
#include "support/end_of.hpp"

namespace {

using namespace std::chrono_literals;
namespace postgres = hocket::postgres;
using postgres::Connection;
using postgres::ConnectionLostError;
using postgres_test::Server;

class PostgresFaults : public postgres_test::PostgresTest {};

/// Starts `task` on `db`, waits until the server executes something for it, and kills the server.
template <class T>
hocket::Coro<> kill_during(Server& server, Connection& db, hocket::Task<T>& task) {
    {
        Connection other = co_await postgres::connect(server.dsn());
        while (!task.done() &&
               co_await other.fetchval<std::int64_t>("SELECT count(*) FROM pg_stat_activity WHERE "
                                                     "pid = $1 AND state <> 'idle'",
                                                     db.backend_pid()) == 0) {
        }
    }
    server.kill();
}

TEST_F(PostgresFaults, AServerThatIsKilledIsAClearErrorForWhateverIsInProgress) {
    Server server;
    auto main = [&]() -> hocket::Coro<> {
        {
            Connection db = co_await postgres::connect(server.dsn());
            auto query = hocket::create_task(db.fetch("SELECT pg_sleep(600)"));
            co_await kill_during(server, db, query);
            EXPECT_THROW(co_await query, ConnectionLostError);
            EXPECT_TRUE(db.is_closed());
            EXPECT_THROW(co_await db.fetch("SELECT 1"), ConnectionLostError);
        }
        EXPECT_THROW(co_await postgres::connect(server.dsn()), ConnectionLostError);
        server.start();
        {
            Connection db = co_await postgres::connect(server.dsn());
            auto body = [&]() -> hocket::Coro<> {
                auto sleep = [&]() -> hocket::Coro<> {
                    co_await db.execute("SELECT pg_sleep(600)");
                };
                co_await db.transaction(sleep);
            };
            auto transaction = hocket::create_task(body);
            co_await kill_during(server, db, transaction);
            EXPECT_THROW(co_await transaction, ConnectionLostError);
        }
        server.start();
        {
            Connection db = co_await postgres::connect(server.dsn());
            auto copy_out = [&]() -> hocket::Coro<> {
                auto rows = db.copy_from_query("SELECT pg_sleep(600)");
                co_await rows.next();
            };
            auto copy = hocket::create_task(copy_out);
            co_await kill_during(server, db, copy);
            EXPECT_THROW(co_await copy, ConnectionLostError);
        }
        server.start();
        {
            Connection db = co_await postgres::connect(server.dsn());
            co_await db.execute("CREATE TABLE sink (a int)");
            auto source = []() -> hocket::AsyncGenerator<std::string> {
                while (true) {
                    co_yield "1\n";
                    co_await hocket::sleep(0s);
                }
            };
            auto copy = hocket::create_task(db.copy_to_table("sink", source()));
            co_await kill_during(server, db, copy);
            EXPECT_THROW(co_await copy, ConnectionLostError);
        }
        server.start();
        {
            Connection db = co_await postgres::connect(server.dsn());
            auto news = co_await db.listen("news");
            auto wait = [&]() -> hocket::Coro<> { co_await news.next(); };
            auto subscription = hocket::create_task(wait);
            co_await hocket::sleep(0s);
            server.kill();
            EXPECT_THROW(co_await subscription, ConnectionLostError);
        }
        server.start();
    };
    hocket::run(main);
}

TEST_F(PostgresFaults, WhatWasAcknowledgedSurvivesAndThePoolHeals) {
    Server server(std::vector<std::string>{}); // with fsync
    auto main = [&]() -> hocket::Coro<> {
        auto pool = co_await postgres::create_pool(server.dsn(), {.min_size = 4, .max_size = 4});
        co_await pool.execute("CREATE TABLE t (id int PRIMARY KEY)");
        std::set<int> acknowledged;
        hocket::Event enough;
        int next = 0;
        int lost = 0;
        auto insert = [&]() -> hocket::Coro<> {
            try {
                while (true) {
                    const int id = ++next;
                    co_await pool.execute("INSERT INTO t VALUES ($1)", id);
                    acknowledged.insert(id);
                    if (acknowledged.size() >= 200) {
                        enough.set();
                    }
                }
            } catch (const ConnectionLostError&) {
                ++lost;
            }
        };
        std::vector<hocket::Task<>> tasks;
        for (int i = 0; i < 8; ++i) {
            tasks.push_back(hocket::create_task(insert));
        }
        co_await enough.wait();
        server.kill();
        for (auto& task : tasks) {
            co_await task;
        }
        EXPECT_EQ(lost, 8);
        server.start();
        // No call fails because of the connections that died.
        const auto rows = co_await pool.fetch("SELECT id FROM t");
        std::set<int> stored;
        for (const auto row : rows) {
            stored.insert(row.get<int>(0));
        }
        for (const int id : acknowledged) {
            EXPECT_TRUE(stored.contains(id)) << id;
        }
        co_await pool.close();
    };
    hocket::run(main);
}

/// A server that accepts, does what `handler` does, and then stays silent.
template <class Handler, class Body> void with_fake_server(Handler handler, Body body) {
    auto main = [&]() -> hocket::Coro<> {
        auto server = co_await hocket::start_server(handler, "127.0.0.1", 0);
        const std::string dsn =
            "host=127.0.0.1 user=x dbname=x sslmode=disable gssencmode=disable port=" +
            std::to_string(server.sockets()[0].port());
        co_await body(dsn);
        server.close();
        server.abort_clients();
        co_await server.wait_closed();
    };
    hocket::run(main);
}

const std::string welcome("R\0\0\0\10\0\0\0\0K\0\0\0\14\0\0\0\1\0\0\0\2Z\0\0\0\5I", 28);

/// Reads the client's first packet, and answers AuthenticationOk, BackendKeyData, ReadyForQuery.
hocket::Coro<> greet(hocket::StreamReader& reader, hocket::StreamWriter& writer) {
    const std::string size = co_await reader.readexactly(4);
    co_await reader.readexactly(static_cast<std::size_t>(static_cast<unsigned char>(size[3])) - 4);
    writer.write(welcome);
    co_await writer.drain();
}

TEST_F(PostgresFaults, AServerThatStaysSilentIsATimeout) {
    auto silent = [](hocket::StreamReader reader, hocket::StreamWriter) -> hocket::Coro<> {
        co_await reader.read();
    };
    with_fake_server(silent, [](const std::string& dsn) -> hocket::Coro<> {
        postgres::ConnectOptions options{.dsn = dsn, .timeout = 20ms};
        EXPECT_THROW(co_await postgres::connect(options), hocket::TimeoutError);
    });
}

TEST_F(PostgresFaults, AQueryWithoutAReplyCanBeGivenUpAndThePoolReplacesTheConnection) {
    auto half = [](hocket::StreamReader reader, hocket::StreamWriter writer) -> hocket::Coro<> {
        co_await greet(reader, writer);
        co_await reader.read();
    };
    with_fake_server(half, [](const std::string& dsn) -> hocket::Coro<> {
        {
            Connection db = co_await postgres::connect(dsn);
            EXPECT_THROW(co_await hocket::wait_for(db.fetch("SELECT 1"), 20ms),
                         hocket::TimeoutError);
        }
        auto pool = co_await postgres::create_pool(
            dsn, {.min_size = 1, .max_size = 1, .release_timeout = 20ms});
        EXPECT_THROW(co_await hocket::wait_for(pool.fetch("SELECT 1"), 20ms), hocket::TimeoutError);
        // The next borrower gets a new connection.
        auto connection = co_await pool.acquire();
        EXPECT_FALSE(connection->is_closed());
        EXPECT_EQ(pool.size(), 1U);
        connection->terminate();
    });
}

TEST_F(PostgresFaults, HalfAResponseIsALostConnection) {
    auto half = [](hocket::StreamReader reader, hocket::StreamWriter writer) -> hocket::Coro<> {
        co_await greet(reader, writer);
        co_await reader.read(1);
        writer.write(std::string("1\0\0\0\4t\0\0", 8)); // ParseComplete, and a part of the next
        co_await writer.drain();
        writer.close();
    };
    with_fake_server(half, [](const std::string& dsn) -> hocket::Coro<> {
        Connection db = co_await postgres::connect(dsn);
        EXPECT_THROW(co_await db.fetch("SELECT 1"), ConnectionLostError);
    });
}

TEST_F(PostgresFaults, RefusedConnectionsAndWrongDsnsAreClearErrors) {
    auto main = []() -> hocket::Coro<> {
        EXPECT_THROW(co_await postgres::connect("host=/nonexistent user=x"), ConnectionLostError);
        EXPECT_THROW(co_await postgres::connect("no such=parameter x"), hocket::ValueError);
        EXPECT_THROW(co_await postgres::connect("host=does-not-exist.invalid user=x"),
                     ConnectionLostError);
    };
    hocket::run(main);
}

} // namespace
