#include <hocket/postgres.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "postgres/connected.hpp"

namespace {

namespace postgres = hocket::postgres;
using postgres::Connection;
using postgres_test::connected;
using postgres_test::Server;
using testing::ElementsAre;

class PostgresStreams : public postgres_test::PostgresTest {};

hocket::AsyncGenerator<std::string> lines(int count) {
    for (int i = 0; i < count; ++i) {
        co_yield std::to_string(i) + "\trow " + std::to_string(i) + "\n";
    }
}

TEST_F(PostgresStreams, CopyToTableTakesAGeneratorAndCopyFromTableYieldsRows) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int, b text)");
        EXPECT_EQ(co_await db.copy_to_table("t", lines(3)), "COPY 3");
        EXPECT_EQ(co_await db.copy_to_table("t", "9,\"x,y\"\n", {.format = "csv"}), "COPY 1");
        std::vector<std::string> rows;
        auto out = db.copy_from_table("t", {.columns = "b, a"});
        while (auto row = co_await out.next()) {
            rows.push_back(*row);
        }
        EXPECT_THAT(rows, ElementsAre("row 0\t0\n", "row 1\t1\n", "row 2\t2\n", "x,y\t9\n"));
        auto header = db.copy_from_query("SELECT 1 AS one", {.format = "csv", .header = true});
        EXPECT_EQ(co_await header.next(), "one\n");
        EXPECT_EQ(co_await header.next(), "1\n");
        EXPECT_EQ(co_await header.next(), std::nullopt);
    });
}

TEST_F(PostgresStreams, ACopyThatFailsOnEitherSideCopiesNothing) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int, b text)");
        EXPECT_THROW(co_await db.copy_to_table("t", "1\tx\nwrong\ty\n"), postgres::PostgresError);
        auto fails = []() -> hocket::AsyncGenerator<std::string> {
            co_yield "1\tx\n";
            throw std::runtime_error("the source failed");
        };
        EXPECT_THROW(co_await db.copy_to_table("t", fails()), std::runtime_error);
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t"), 0);
        auto missing = db.copy_from_table("missing");
        EXPECT_THROW(co_await missing.next(), postgres::UndefinedTableError);
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
    });
}

TEST_F(PostgresStreams, ASourceWaitsForAServerThatDoesNotRead) {
    connected([](Connection& db) -> hocket::Coro<> {
        Connection other = co_await postgres::connect(Server::shared().dsn());
        co_await db.execute("DROP TABLE IF EXISTS locked; CREATE TABLE locked (a text)");
        int yielded = 0;
        auto source = [&]() -> hocket::AsyncGenerator<std::string> {
            const std::string line(std::size_t{64} * 1024, 'x');
            for (; yielded < 1000; ++yielded) {
                co_yield line + "\n";
            }
        };
        auto body = [&]() -> hocket::Coro<> {
            co_await other.execute("LOCK TABLE locked");
            auto copy = hocket::create_task(db.copy_to_table("locked", source()));
            // The server waits for the lock before it agrees to the copy.
            while (co_await other.fetchval<std::int64_t>(
                       "SELECT count(*) FROM pg_locks WHERE pid = $1 AND NOT granted",
                       db.backend_pid()) == 0) {
            }
            EXPECT_EQ(yielded, 0);
            copy.cancel();
            EXPECT_THROW(co_await copy, hocket::CancelledError);
        };
        co_await other.transaction(body);
        EXPECT_EQ(co_await db.copy_to_table("locked", source()), "COPY 1000");
        co_await db.execute("DROP TABLE locked");
    });
}

TEST_F(PostgresStreams, ListenReturnsAGeneratorOfNotifications) {
    connected([](Connection& db) -> hocket::Coro<> {
        Connection other = co_await postgres::connect(Server::shared().dsn());
        auto news = co_await db.listen("weird \"channel\"; --");
        co_await other.execute("SELECT pg_notify($1, $2)", "weird \"channel\"; --", "first");
        co_await other.execute("SELECT pg_notify($1, $2)", "another", "not for us");
        co_await other.execute("SELECT pg_notify($1, $2)", "weird \"channel\"; --", "second");
        const auto first = co_await news.next();
        EXPECT_EQ(first->payload, "first");
        EXPECT_EQ(first->pid, other.backend_pid());
        // The connection can be used meanwhile.
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
        EXPECT_EQ((co_await news.next())->payload, "second");
    });
}

TEST_F(PostgresStreams, ListenersAreCalledUntilTheyAreRemoved) {
    connected([](Connection& db) -> hocket::Coro<> {
        std::vector<std::string> heard;
        hocket::Event arrived;
        const auto id = co_await db.add_listener("c", [&](const postgres::Notification& n) {
            heard.push_back(n.payload);
            arrived.set();
        });
        co_await db.execute("NOTIFY c, '1'");
        co_await arrived.wait();
        co_await db.remove_listener(id);
        co_await db.execute("NOTIFY c, '2'");
        EXPECT_EQ(
            co_await db.fetchval<std::int64_t>("SELECT count(*) FROM pg_listening_channels()"), 0);
        EXPECT_THAT(heard, ElementsAre("1"));
    });
}

} // namespace
