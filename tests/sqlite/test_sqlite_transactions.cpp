#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

#include "support/temporary_folder.hpp"
#include "support/turns.hpp"

namespace {

using hocket::Coro;
using hocket::sqlite::connect;
using hocket::sqlite::Connection;
using hocket::sqlite::Transaction;

template <class Body> void with_database(Body body) {
    auto program = [&]() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        co_await database.execute("CREATE TABLE t (x)");
        co_await body(database);
    };
    hocket::run(program);
}

Coro<int> count(const Connection& database) {
    const auto row = co_await database.fetchone("SELECT count(*) FROM t");
    co_return row.value().get<int>(0);
}

Coro<> insert(const hocket::sqlite::Statements& statements, int x) {
    co_await statements.execute("INSERT INTO t VALUES (?)", x);
}

} // namespace

TEST(SqliteTransaction, CommitsWhenTheBodyReturns) {
    with_database([](const Connection& database) -> Coro<> {
        auto body = [](Transaction& transaction) -> Coro<std::string> {
            co_await insert(transaction, 1);
            co_return "value";
        };
        EXPECT_EQ(co_await database.transaction(body), "value");
        EXPECT_EQ(co_await count(database), 1);
        EXPECT_FALSE(database.in_transaction());
    });
}

TEST(SqliteTransaction, RollsBackWhenTheBodyThrows) {
    with_database([](const Connection& database) -> Coro<> {
        auto body = [](Transaction& transaction) -> Coro<> {
            co_await insert(transaction, 1);
            throw std::domain_error("the body's own");
        };
        bool has_thrown = false;
        try {
            co_await database.transaction(body);
        } catch (const std::domain_error&) {
            has_thrown = true;
        }
        EXPECT_TRUE(has_thrown);
        EXPECT_EQ(co_await count(database), 0);
        EXPECT_FALSE(database.in_transaction());
    });
}

TEST(SqliteTransaction, RollsBackWhenTheTaskIsCancelled) {
    with_database([](const Connection& database) -> Coro<> {
        hocket::Event reached;
        auto body = [&](Transaction& transaction) -> Coro<> {
            co_await insert(transaction, 1);
            reached.set();
            co_await hocket::sleep(std::chrono::hours(1));
        };
        auto task = hocket::create_task(database.transaction(body));
        co_await reached.wait();
        task.cancel();
        EXPECT_EQ(co_await count(database), 0);
        EXPECT_TRUE(task.cancelled());
    });
}

TEST(SqliteTransaction, OtherTasksWaitForItsEnd) {
    with_database([](const Connection& database) -> Coro<> {
        hocket::Event may_end;
        hocket::Event has_begun;
        auto body = [&](Transaction& transaction) -> Coro<> {
            co_await insert(transaction, 1);
            has_begun.set();
            co_await may_end.wait();
            co_await insert(transaction, 2);
        };
        auto transaction = hocket::create_task(database.transaction(body));
        co_await has_begun.wait();
        auto counting = hocket::create_task(count(database));
        auto second = hocket::create_task(
            database.transaction([&](Transaction& other) -> Coro<> { co_await insert(other, 3); }));
        auto last = hocket::create_task(insert(database, 4));
        co_await turns(20);
        EXPECT_FALSE(counting.done());
        EXPECT_FALSE(second.done());
        may_end.set();
        EXPECT_EQ(co_await counting, 2); // all of it, and nothing of the next
        co_await second;
        co_await last;
        co_await transaction;
        EXPECT_EQ(co_await count(database), 4);
    });
}

TEST(SqliteTransaction, AWaitingTaskMayBeCancelled) {
    with_database([](const Connection& database) -> Coro<> {
        hocket::Event may_end;
        auto body = [&](Transaction&) -> Coro<> { co_await may_end.wait(); };
        auto transaction = hocket::create_task(database.transaction(body));
        co_await turns(2);
        auto waiting = hocket::create_task(insert(database, 1));
        auto waiting_to_begin = hocket::create_task(database.transaction(body));
        co_await turns(2);
        waiting.cancel();
        waiting_to_begin.cancel();
        co_await turns(2);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_TRUE(waiting_to_begin.cancelled());
        may_end.set();
        co_await transaction;
        EXPECT_EQ(co_await count(database), 0);
    });
}

TEST(SqliteTransaction, AStatementThatWouldWaitForItselfIsRefused) {
    with_database([](const Connection& database) -> Coro<> {
        auto body = [&](Transaction&) -> Coro<> { co_await database.execute("SELECT 1"); };
        bool was_refused = false;
        try {
            co_await database.transaction(body);
        } catch (const hocket::RuntimeError&) {
            was_refused = true;
        }
        EXPECT_TRUE(was_refused);
        EXPECT_EQ(co_await count(database), 0); // the connection can be used
    });
}

TEST(SqliteTransaction, TasksOfTheBodyUseTheTransaction) {
    with_database([](const Connection& database) -> Coro<> {
        auto body = [](Transaction& transaction) -> Coro<> {
            auto one = insert(transaction, 1);
            auto two = insert(transaction, 2);
            co_await hocket::gather(std::move(one), std::move(two));
        };
        co_await database.transaction(body);
        EXPECT_EQ(co_await count(database), 2);
    });
}

TEST(SqliteTransaction, AFailedStatementLeavesTheRestOfTheTransaction) {
    with_database([](const Connection& database) -> Coro<> {
        auto body = [](Transaction& transaction) -> Coro<> {
            co_await insert(transaction, 1);
            try {
                co_await transaction.execute("INSERT INTO nowhere VALUES (1)");
            } catch (const hocket::sqlite::OperationalError&) {
            }
            std::vector<hocket::sqlite::Parameters> rows;
            rows.emplace_back(2);
            rows.emplace_back(); // too few
            try {
                co_await transaction.executemany("INSERT INTO t VALUES (?)", std::move(rows));
            } catch (const hocket::sqlite::ProgrammingError&) {
            }
        };
        co_await database.transaction(body);
        EXPECT_EQ(co_await count(database), 1);
    });
}

TEST(SqliteTransaction, MayBeWrittenAsStatements) {
    with_database([](const Connection& database) -> Coro<> {
        co_await database.execute("BEGIN");
        EXPECT_TRUE(database.in_transaction());
        co_await insert(database, 1);
        co_await database.rollback();
        EXPECT_EQ(co_await count(database), 0);
        co_await database.execute("BEGIN");
        co_await insert(database, 1);
        co_await database.commit();
        co_await database.commit(); // there is none
        co_await database.rollback();
        EXPECT_EQ(co_await count(database), 1);
    });
}

TEST(SqliteTransaction, AnOpenGeneratorReadsItsOwnSnapshotAcrossATransaction) {
    with_database([](const Connection& database) -> Coro<> {
        std::vector<hocket::sqlite::Parameters> rows;
        for (int i = 0; i < 200; ++i) {
            rows.emplace_back(i);
        }
        co_await database.executemany("INSERT INTO t VALUES (?)", std::move(rows));
        auto cursor = database.iterate("SELECT x FROM t ORDER BY x");
        co_await cursor.next();
        auto body = [&](Transaction& transaction) -> Coro<> {
            auto inner = transaction.iterate("SELECT x FROM t");
            int seen = 0;
            while (co_await inner.next()) {
                ++seen;
            }
            EXPECT_EQ(seen, 200);
        };
        co_await database.transaction(body);
        int left = 0;
        while (co_await cursor.next()) {
            ++left;
        }
        EXPECT_EQ(left, 199);
    });
}
