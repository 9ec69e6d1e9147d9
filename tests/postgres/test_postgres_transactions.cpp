#include <hocket/postgres.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "postgres/connected.hpp"
#include "support/end_of.hpp"

namespace {

namespace postgres = hocket::postgres;
using postgres::Connection;
using postgres_test::connected;
using postgres_test::Server;

class PostgresTransactions : public postgres_test::PostgresTest {
protected:
    static hocket::Coro<std::int64_t> count(Connection& db) {
        return db.fetchval<std::int64_t>("SELECT count(*) FROM t");
    }
};

TEST_F(PostgresTransactions, ATransactionCommitsWhenItsBodyReturns) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int)");
        auto body = [&]() -> hocket::Coro<int> {
            EXPECT_TRUE(db.is_in_transaction());
            co_await db.execute("INSERT INTO t VALUES (1)");
            co_return 7;
        };
        EXPECT_EQ(co_await db.transaction(body), 7);
        EXPECT_FALSE(db.is_in_transaction());
        EXPECT_EQ(co_await count(db), 1);
    });
}

TEST_F(PostgresTransactions, AnExceptionRollsBackAndIsPassedOn) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int)");
        auto body = [&]() -> hocket::Coro<> {
            co_await db.execute("INSERT INTO t VALUES (1)");
            throw std::runtime_error("no");
        };
        EXPECT_THROW(co_await db.transaction(body), std::runtime_error);
        EXPECT_EQ(co_await count(db), 0);
    });
}

TEST_F(PostgresTransactions, CancellingTheTaskRollsBack) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int)");
        hocket::Event inserted;
        auto work = [&]() -> hocket::Coro<> {
            auto body = [&]() -> hocket::Coro<> {
                co_await db.execute("INSERT INTO t VALUES (1)");
                inserted.set();
                co_await db.execute("SELECT pg_sleep(60)");
            };
            co_await db.transaction(body);
        };
        auto task = hocket::create_task(work);
        co_await inserted.wait();
        co_await hocket::sleep(std::chrono::seconds(0));
        task.cancel();
        EXPECT_THROW(co_await task, hocket::CancelledError);
        EXPECT_EQ(co_await count(db), 0);
        EXPECT_FALSE(db.is_in_transaction());
    });
}

TEST_F(PostgresTransactions, ANestedTransactionIsASavepoint) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)");
        auto outer = [&]() -> hocket::Coro<> {
            co_await db.execute("INSERT INTO t VALUES (1)");
            auto fails = [&]() -> hocket::Coro<> {
                co_await db.execute("INSERT INTO t VALUES (2)");
                co_await db.execute("INSERT INTO t VALUES ($1)", 1);
            };
            EXPECT_THROW(co_await db.transaction(fails), postgres::UniqueViolationError);
            auto works = [&]() -> hocket::Coro<> {
                co_await db.execute("INSERT INTO t VALUES (3)");
            };
            co_await db.transaction(works);
            postgres::TransactionOptions options{.readonly = true};
            EXPECT_THROW(co_await db.transaction(options, works), postgres::InterfaceError);
        };
        co_await db.transaction(outer);
        EXPECT_EQ(co_await db.fetchval<std::string>("SELECT string_agg(a::text, ',') FROM t"),
                  "1,3");
    });
}

TEST_F(PostgresTransactions, OptionsReachTheServer) {
    connected([](Connection& db) -> hocket::Coro<> {
        auto body = [&]() -> hocket::Coro<std::string> {
            return db.fetchval<std::string>(
                "SELECT concat(current_setting('transaction_isolation'), '/', "
                "current_setting('transaction_read_only'), '/', "
                "current_setting('transaction_deferrable'))");
        };
        EXPECT_EQ(co_await db.transaction(body), "read committed/off/off");
        postgres::TransactionOptions options{
            .isolation = postgres::Isolation::serializable, .readonly = true, .deferrable = true};
        EXPECT_EQ(co_await db.transaction(options, body), "serializable/on/on");
    });
}

TEST_F(PostgresTransactions, ACommitOfAFailedTransactionIsAnError) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int)");
        auto body = [&]() -> hocket::Coro<> {
            co_await db.execute("INSERT INTO t VALUES (1)");
            EXPECT_THROW(co_await db.fetch("SELECT 1 / 0"), postgres::PostgresError);
        };
        EXPECT_THROW(co_await db.transaction(body), postgres::InFailedTransactionError);
        EXPECT_EQ(co_await count(db), 0);
    });
}

TEST_F(PostgresTransactions, QueriesOfOneTurnFailTogetherInATransaction) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.fetch("SELECT 1 / $1::int", 1); // prepared
        auto body = [&]() -> hocket::Coro<> {
            const auto [first, second, third] =
                co_await hocket::gather_settled(db.fetchval<int>("SELECT 1 / $1::int", 1),
                                                db.fetchval<int>("SELECT 1 / $1::int", 0),
                                                db.fetchval<int>("SELECT 1 / $1::int", 1));
            EXPECT_EQ(first.value(), 1);
            EXPECT_THROW(std::rethrow_exception(second.error()), postgres::PostgresError);
            EXPECT_THROW(std::rethrow_exception(third.error()), postgres::InFailedTransactionError);
            throw std::runtime_error("end");
        };
        EXPECT_THROW(co_await db.transaction(body), std::runtime_error);
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
    });
}

TEST_F(PostgresTransactions, SerializationFailuresHaveTheirOwnClass) {
    connected([](Connection& db) -> hocket::Coro<> {
        Connection other = co_await postgres::connect(Server::shared().dsn());
        co_await db.execute("DROP TABLE IF EXISTS shared; CREATE TABLE shared (a int); "
                            "INSERT INTO shared VALUES (0)");
        postgres::TransactionOptions options{.isolation = postgres::Isolation::serializable};
        auto body = [&]() -> hocket::Coro<> {
            co_await db.fetch("SELECT a FROM shared");
            co_await other.execute("UPDATE shared SET a = a + 1");
            co_await db.execute("UPDATE shared SET a = a + 1");
        };
        EXPECT_THROW(co_await db.transaction(options, body), postgres::SerializationError);
        co_await db.execute("DROP TABLE shared");
    });
}

TEST_F(PostgresTransactions, ACursorYieldsRowsAndNeedsATransaction) {
    connected([](Connection& db) -> hocket::Coro<> {
        auto body = [&]() -> hocket::Coro<int> {
            auto rows = db.cursor("SELECT n FROM generate_series(1, $1) AS n", 175);
            int sum = 0;
            while (auto row = co_await rows.next()) {
                sum += row->get<int>(0);
            }
            {
                auto endless = db.cursor("SELECT generate_series(1, 1000000000) AS n");
                EXPECT_EQ((co_await endless.next())->get<int>("n"), 1);
            } // closed here
            EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM pg_cursors WHERE "
                                                         "name LIKE 'hocket_cursor_2'"),
                      0);
            co_return sum;
        };
        EXPECT_EQ(co_await db.transaction(body), 175 * 176 / 2);
        auto outside = db.cursor("SELECT 1");
        EXPECT_THROW(co_await outside.next(), postgres::InterfaceError);
    });
}

} // namespace
