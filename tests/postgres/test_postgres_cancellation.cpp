#include <hocket/postgres.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "postgres/connected.hpp"
#include "support/end_of.hpp"
#include "support/turns.hpp"

namespace {

using namespace std::chrono_literals;
namespace postgres = hocket::postgres;
using postgres::Connection;
using postgres_test::connected;
using postgres_test::Server;

class PostgresCancellation : public postgres_test::PostgresTest {};

/// Runs `operation()` again and again, and cancels it after one more turn each time, until it ends
/// by itself. After each time, `check()` must succeed.
template <class Operation, class Check> hocket::Coro<> sweep(Operation operation, Check check) {
    for (int step = 0;; step = next_step(step)) {
        auto task = hocket::create_task(operation);
        co_await turns(step);
        const bool has_ended = task.done();
        task.cancel();
        co_await end_of(task);
        EXPECT_TRUE(task.cancelled() || ending(task) == "done") << ending(task);
        co_await check();
        if (has_ended) {
            co_return;
        }
    }
}

/// The next query of the connection gets its own reply.
auto answers(Connection& db) {
    return [&db, next = 0]() mutable -> hocket::Coro<> {
        const int number = ++next;
        EXPECT_EQ(co_await db.fetchval<int>("SELECT $1::int", number), number);
        EXPECT_FALSE(db.is_in_transaction());
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t"), 1);
    };
}

hocket::Coro<> make_table(Connection& db) {
    co_await db.execute("CREATE TEMP TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)");
}

TEST_F(PostgresCancellation, TheServerCancelsTheQueryOfACancelledTask) {
    connected([](Connection& db) -> hocket::Coro<> {
        Connection other = co_await postgres::connect(Server::shared().dsn());
        auto task = hocket::create_task(db.fetch("SELECT pg_sleep(600)"));
        const auto running = [&] {
            return other.fetchval<std::int64_t>(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
                db.backend_pid());
        };
        while (co_await running() == 0) {
        }
        task.cancel();
        EXPECT_THROW(co_await task, hocket::CancelledError);
        // Would take ten minutes otherwise.
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
    });
}

TEST_F(PostgresCancellation, OtherTasksQueriesOfTheConnectionAreNotHit) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.fetchval<int>("SELECT $1::int", 0);
        co_await db.fetchval<int>("SELECT length(pg_sleep($1)::text)", 0.0);
        for (int round = 0; round < 20; ++round) {
            auto slow =
                hocket::create_task(db.fetchval<int>("SELECT length(pg_sleep($1)::text)", 0.005));
            std::vector<hocket::Task<int>> others;
            for (int i = 0; i < 10; ++i) {
                others.push_back(hocket::create_task(db.fetchval<int>("SELECT $1::int", i)));
            }
            co_await turns(round);
            slow.cancel();
            for (int i = 0; i < 10; ++i) {
                EXPECT_EQ(co_await others[static_cast<std::size_t>(i)], i);
            }
            co_await end_of(slow);
        }
    });
}

TEST_F(PostgresCancellation, QueriesCanBeCancelledAtEveryPoint) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await make_table(db);
        int fresh = 0; // so that each time the statement must be prepared first
        auto query = [&]() -> hocket::Coro<> {
            ++fresh;
            co_await db.fetch("SELECT $1::text, " + std::to_string(fresh), "x");
        };
        co_await sweep(query, answers(db));
        auto script = [&]() -> hocket::Coro<> { co_await db.execute("SELECT 1; SELECT 2"); };
        co_await sweep(script, answers(db));
        auto prepare = [&]() -> hocket::Coro<> {
            ++fresh;
            co_await db.prepare("SELECT " + std::to_string(fresh));
        };
        co_await sweep(prepare, answers(db));
    });
}

TEST_F(PostgresCancellation, TransactionsCanBeCancelledAtEveryPoint) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await make_table(db);
        auto transaction = [&]() -> hocket::Coro<> {
            auto body = [&]() -> hocket::Coro<> {
                co_await db.execute("INSERT INTO t VALUES ($1)", 2);
                auto inner = [&]() -> hocket::Coro<> {
                    co_await db.execute("INSERT INTO t VALUES ($1)", 3);
                    auto rows = db.cursor("SELECT a FROM t");
                    co_await rows.next();
                };
                co_await db.transaction(inner);
                co_await db.execute("DELETE FROM t WHERE a > $1", 1);
            };
            co_await db.transaction(body);
        };
        co_await sweep(transaction, answers(db));
    });
}

TEST_F(PostgresCancellation, CopiesCanBeCancelledAtEveryPoint) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await make_table(db);
        co_await db.execute("CREATE TEMP TABLE sink (a int)");
        auto copy_in = [&]() -> hocket::Coro<> {
            auto source = []() -> hocket::AsyncGenerator<std::string> {
                for (int i = 0; i < 3; ++i) {
                    co_yield std::to_string(i) + "\n";
                    co_await hocket::sleep(0s);
                }
            };
            co_await db.copy_to_table("sink", source());
        };
        co_await sweep(copy_in, answers(db));
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) % 3 FROM sink"), 0);
        auto copy_out = [&]() -> hocket::Coro<> {
            auto rows = db.copy_from_query("SELECT generate_series(1, 20000)");
            while (co_await rows.next()) {
            }
        };
        co_await sweep(copy_out, answers(db));
    });
}

TEST_F(PostgresCancellation, ListeningCanBeCancelledAtEveryPoint) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await make_table(db);
        auto listen = [&]() -> hocket::Coro<> {
            auto notifications = co_await db.listen("news");
            co_await db.execute("NOTIFY news, 'x'");
            EXPECT_EQ((co_await notifications.next())->payload, "x");
        };
        co_await sweep(listen, answers(db));
        EXPECT_EQ(
            co_await db.fetchval<std::int64_t>("SELECT count(*) FROM pg_listening_channels()"), 0);
    });
}

TEST_F(PostgresCancellation, ConnectingCanBeCancelledAtEveryPoint) {
    auto main = []() -> hocket::Coro<> {
        auto connect = []() -> hocket::Coro<> {
            Connection db = co_await postgres::connect(Server::shared().tcp_dsn("localhost"));
            EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
            co_await db.close();
        };
        auto nothing = []() -> hocket::Coro<> { co_return; };
        co_await sweep(connect, nothing);
    };
    hocket::run(main);
}

TEST_F(PostgresCancellation, PoolsCanBeCancelledAtEveryPoint) {
    auto main = []() -> hocket::Coro<> {
        auto pool = co_await postgres::create_pool(Server::shared().dsn(), {.max_size = 2});
        int number = 0;
        auto use = [&]() -> hocket::Coro<> {
            auto connection = co_await pool.acquire();
            auto body = [&]() -> hocket::Coro<> {
                co_await connection->execute("SET LOCAL work_mem = '1MB'");
                co_await connection->fetchval<int>("SELECT $1::int", 1);
            };
            co_await connection->transaction(body);
        };
        auto check = [&]() -> hocket::Coro<> {
            ++number;
            const auto [a, b] =
                co_await hocket::gather(pool.fetchval<int>("SELECT $1::int", number),
                                        pool.fetchval<int>("SELECT $1::int", -number));
            EXPECT_EQ(a, number);
            EXPECT_EQ(b, -number);
            EXPECT_LE(pool.size(), 2U);
        };
        co_await sweep(use, check);
        co_await pool.close();
    };
    hocket::run(main);
}

} // namespace
