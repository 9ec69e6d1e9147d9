#include <hocket/postgres.hpp>

#include <optional>
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
using postgres::Pool;
using postgres_test::Server;

class PostgresPool : public postgres_test::PostgresTest {
protected:
    template <class Body> static void pooled(postgres::PoolOptions options, Body body) {
        auto main = [&]() -> hocket::Coro<> {
            Pool pool = co_await postgres::create_pool(Server::shared().dsn(), options);
            co_await body(pool);
            co_await pool.close();
        };
        hocket::run(main);
    }
};

TEST_F(PostgresPool, OpensMinSizeAndAtMostMaxSizeConnections) {
    pooled({.min_size = 2, .max_size = 3}, [](Pool& pool) -> hocket::Coro<> {
        EXPECT_EQ(pool.size(), 2U);
        EXPECT_EQ(pool.idle_size(), 2U);
        auto a = co_await pool.acquire();
        auto b = co_await pool.acquire();
        auto c = co_await pool.acquire();
        EXPECT_EQ(pool.size(), 3U);
        EXPECT_THROW(co_await pool.acquire(1ms), hocket::TimeoutError);
    });
}

TEST_F(PostgresPool, BorrowersAreServedInTheirOrder) {
    pooled({.min_size = 1, .max_size = 1}, [](Pool& pool) -> hocket::Coro<> {
        std::vector<int> order;
        std::vector<hocket::Task<>> tasks;
        for (int i = 0; i < 5; ++i) {
            auto borrow = [&, i]() -> hocket::Coro<> {
                auto connection = co_await pool.acquire();
                order.push_back(i);
                co_await connection->fetch("SELECT 1");
            };
            tasks.push_back(hocket::create_task(borrow));
        }
        for (auto& task : tasks) {
            co_await task;
        }
        EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4));
        EXPECT_EQ(pool.size(), 1U);
    });
}

TEST_F(PostgresPool, AReleasedConnectionIsReset) {
    pooled({.min_size = 1, .max_size = 1}, [](Pool& pool) -> hocket::Coro<> {
        int pid = 0;
        {
            auto connection = co_await pool.acquire();
            pid = connection->backend_pid();
            co_await connection->execute("BEGIN");
            co_await connection->execute("CREATE TABLE left_over (a int)");
            co_await connection->execute("SET search_path = nowhere");
            co_await connection->execute("SELECT pg_advisory_lock(1)");
            co_await connection->execute("LISTEN something");
        }
        auto connection = co_await pool.acquire();
        EXPECT_EQ(connection->backend_pid(), pid);
        EXPECT_EQ(co_await connection->fetchval<std::string>("SHOW search_path"),
                  "\"$user\", public");
        EXPECT_EQ(co_await connection->fetchval<std::optional<std::string>>(
                      "SELECT to_regclass('left_over')::text"),
                  std::nullopt);
        EXPECT_EQ(co_await connection->fetchval<std::int64_t>(
                      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
                  0);
    });
}

TEST_F(PostgresPool, AConnectionInTheMiddleOfAReplyIsNotHandedOn) {
    pooled({.min_size = 1, .max_size = 1}, [](Pool& pool) -> hocket::Coro<> {
        for (int i = 0; i < 10; ++i) {
            {
                auto connection = co_await pool.acquire();
                auto slow = hocket::create_task(connection->fetch("SELECT pg_sleep(600)"));
                auto large = hocket::create_task(
                    connection->fetch("SELECT repeat('x', 100) FROM generate_series(1, 10000)"));
                co_await hocket::sleep(0s);
                slow.cancel();
                large.cancel();
                co_await end_of(slow);
                co_await end_of(large);
            }
            EXPECT_EQ(co_await pool.fetchval<int>("SELECT $1::int", i), i);
        }
        EXPECT_EQ(pool.size(), 1U);
    });
}

TEST_F(PostgresPool, DeadAndOldConnectionsAreReplaced) {
    pooled({.min_size = 1, .max_size = 1}, [](Pool& pool) -> hocket::Coro<> {
        Connection killer = co_await postgres::connect(Server::shared().dsn());
        const int pid = co_await pool.fetchval<int>("SELECT pg_backend_pid()");
        co_await killer.execute("SELECT pg_terminate_backend($1)", pid);
        while (co_await killer.fetchval<std::int64_t>(
                   "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid) > 0) {
        }
        EXPECT_NE(co_await pool.fetchval<int>("SELECT pg_backend_pid()"), pid);
    });
    pooled({.min_size = 1, .max_size = 1, .max_lifetime = 0s}, [](Pool& pool) -> hocket::Coro<> {
        const int pid = co_await pool.fetchval<int>("SELECT pg_backend_pid()");
        EXPECT_NE(co_await pool.fetchval<int>("SELECT pg_backend_pid()"), pid);
    });
    pooled({.min_size = 1, .max_size = 1, .check_after = 0s}, [](Pool& pool) -> hocket::Coro<> {
        const int pid = co_await pool.fetchval<int>("SELECT pg_backend_pid()");
        EXPECT_EQ(co_await pool.fetchval<int>("SELECT pg_backend_pid()"), pid);
    });
}

TEST_F(PostgresPool, IdleConnectionsAboveMinSizeAreClosed) {
    pooled({.min_size = 1, .max_size = 3, .max_idle_time = 1ms}, [](Pool& pool) -> hocket::Coro<> {
        {
            auto a = co_await pool.acquire();
            auto b = co_await pool.acquire();
            auto c = co_await pool.acquire();
        }
        while (pool.size() > 1) {
            co_await hocket::sleep(1ms);
        }
        EXPECT_EQ(co_await pool.fetchval<int>("SELECT 1"), 1);
    });
}

TEST_F(PostgresPool, ClosesConnectionsThatAreIdleAndThoseThatAreNot) {
    for (const bool is_borrowed : {false, true}) {
        auto main = [&]() -> hocket::Coro<> {
            Pool pool = co_await postgres::create_pool(Server::shared().dsn(),
                                                       {.min_size = 3, .max_size = 3});
            std::optional<postgres::PooledConnection> borrowed;
            if (is_borrowed) {
                borrowed = co_await pool.acquire();
            }
            pool.terminate();
            EXPECT_EQ(pool.size(), 0U);
            if (borrowed) {
                EXPECT_TRUE((*borrowed)->is_closed());
            }
        };
        hocket::run(main);
    }
}

TEST_F(PostgresPool, InitPreparesEachConnectionAndAClosedPoolRefuses) {
    auto main = []() -> hocket::Coro<> {
        postgres::InitConnection init = [](Connection& db) -> hocket::Coro<> {
            co_await db.execute("CREATE TEMP TABLE mine (a int)");
        };
        Pool pool = co_await postgres::create_pool(Server::shared().dsn(), {}, init);
        co_await pool.execute("INSERT INTO mine VALUES (1)");
        co_await pool.close();
        EXPECT_THROW(co_await pool.acquire(), postgres::InterfaceError);
        EXPECT_EQ(pool.size(), 0U);
        EXPECT_THROW(
            co_await postgres::create_pool(Server::shared().dsn(), {.min_size = 5, .max_size = 4}),
            hocket::ValueError);
    };
    hocket::run(main);
}

} // namespace
