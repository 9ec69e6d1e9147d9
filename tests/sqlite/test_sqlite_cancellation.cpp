#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

#include "support/end_of.hpp"
#include "support/temporary_folder.hpp"
#include "support/turns.hpp"

namespace {

using hocket::Coro;
using hocket::sqlite::connect;
using hocket::sqlite::Connection;
using hocket::sqlite::Transaction;

// Runs until it is ended.
const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                            "SELECT count(*) FROM n";

/// Returns once the connection's thread runs a statement. (It takes them in order.)
Coro<> until_it_runs(const hocket::Task<hocket::sqlite::Result>& task) {
    co_await hocket::sleep(std::chrono::milliseconds(1));
    EXPECT_FALSE(task.done());
}

Coro<int> count(const Connection& database) {
    const auto row = co_await database.fetchone("SELECT count(*) FROM t");
    co_return row.value().get<int>(0);
}

} // namespace

TEST(SqliteCancellation, EndsARunningStatementAndLeavesTheConnectionUsable) {
    auto program = []() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        auto task = hocket::create_task(database.execute(endless));
        co_await until_it_runs(task);
        task.cancel();
        co_await end_of(task);
        EXPECT_TRUE(task.cancelled());
        const auto row = co_await database.fetchone("SELECT 1");
        EXPECT_EQ(row.value().get<int>(0), 1);
    };
    hocket::run(program);
}

TEST(SqliteCancellation, WithdrawsAStatementThatHasNotBegun) {
    auto program = []() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        co_await database.execute("CREATE TABLE t (x)");
        auto running = hocket::create_task(database.execute(endless));
        auto queued = hocket::create_task(database.execute("INSERT INTO t VALUES (1)"));
        co_await until_it_runs(running);
        queued.cancel();
        co_await end_of(queued); // while the other one still runs
        EXPECT_TRUE(queued.cancelled());
        EXPECT_FALSE(running.done());
        running.cancel();
        EXPECT_EQ(co_await count(database), 0);
    };
    hocket::run(program);
}

TEST(SqliteCancellation, HitsOnlyTheStatementOfTheTask) {
    auto program = []() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        auto cursor = database.iterate("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                       "FROM n LIMIT 1000) SELECT i FROM n");
        co_await cursor.next(); // its statement is open
        auto task = hocket::create_task(database.execute(endless));
        co_await until_it_runs(task);
        task.cancel();
        int rows = 1;
        while (co_await cursor.next()) {
            ++rows;
        }
        EXPECT_EQ(rows, 1000);
        EXPECT_TRUE(task.cancelled());
    };
    hocket::run(program);
}

TEST(SqliteCancellation, EndsTheWaitForALock) {
    const TemporaryFolder folder;
    const std::string path = folder.path() / "data.db";
    auto program = [&]() -> Coro<> {
        const Connection first = co_await connect(path);
        co_await first.execute("CREATE TABLE t (x)");
        const Connection second = co_await connect(path, {.busy_timeout = std::chrono::hours(1)});
        auto body = [&](Transaction&) -> Coro<> {
            auto task = hocket::create_task(second.execute("INSERT INTO t VALUES (1)"));
            co_await until_it_runs(task);
            task.cancel();
            co_await end_of(task);
            EXPECT_TRUE(task.cancelled());
        };
        co_await first.transaction(body);
        EXPECT_EQ(co_await count(second), 0);
    };
    hocket::run(program);
}

TEST(SqliteCancellation, InterruptEndsTheRunningStatementWithAnError) {
    auto program = []() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        database.interrupt(); // nothing runs
        auto task = hocket::create_task(database.execute(endless));
        while (!task.done()) {
            database.interrupt();
            co_await turns();
        }
        EXPECT_TRUE(ending(task).starts_with("interrupted (SQLITE_INTERRUPT)")) << ending(task);
    };
    hocket::run(program);
}

TEST(SqliteCancellation, WaitForEndsAStatementThatTakesTooLong) {
    auto program = []() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        bool timed_out = false;
        try {
            co_await hocket::wait_for(database.execute(endless), std::chrono::milliseconds(5));
        } catch (const hocket::TimeoutError&) {
            timed_out = true;
        }
        EXPECT_TRUE(timed_out);
    };
    hocket::run(program);
}

TEST(SqliteCancellation, ALoopThatIsClosedEndsWhatRuns) {
    hocket::EventLoop loop;
    auto opening = []() -> Coro<Connection> { co_return co_await connect(":memory:"); };
    {
        const Connection database = loop.run_until_complete(opening());
        auto statement = [&]() -> Coro<> { co_await database.execute(endless); };
        auto running = loop.create_task(statement());
        auto queued = loop.create_task(statement());
        auto some_turns = []() -> Coro<> { co_await hocket::sleep(std::chrono::milliseconds(1)); };
        loop.run_until_complete(some_turns());
        loop.close();
        EXPECT_TRUE(running.cancelled());
        EXPECT_TRUE(queued.cancelled());
    }
}

// The thread may begin a request at any moment of its destruction.
TEST(SqliteCancellation, ALoopThatIsClosedTakesBackRequestsThatTheThreadBegins) {
    constexpr int rounds = 20;
    constexpr int requests = 100;
    for (int round = 0; round < rounds; ++round) {
        hocket::EventLoop loop;
        loop.set_exception_handler([](hocket::EventLoop&, const hocket::ExceptionContext&) {});
        hocket::Event never;
        std::optional<Connection> database;
        auto holding = [&]() -> Coro<> {
            database = co_await connect(":memory:");
            auto body = [&](Transaction&) -> Coro<> {
                loop.stop();
                co_await never.wait();
            };
            co_await database->transaction(body);
        };
        // With its text in memory of its own, and read by the thread.
        auto held = [&](int i) -> Coro<> {
            co_await database->execute("SELECT 'a text that is longer than a short string', " +
                                       std::to_string(i));
        };
        std::vector<hocket::Task<>> tasks;
        tasks.push_back(loop.create_task(holding()));
        loop.run_forever();
        for (int i = 0; i < requests; ++i) {
            tasks.push_back(loop.create_task(held(i)));
        }
        auto some_turns = []() -> Coro<> { co_await turns(3); };
        loop.run_until_complete(some_turns());
        loop.close();
        for (const auto& task : tasks) {
            EXPECT_TRUE(task.cancelled());
        }
    }
}

// The connection lives longer than its loop.
TEST(SqliteCancellation, ALoopThatIsClosedRollsBackItsTransactions) {
    const TemporaryFolder folder;
    const std::string path = folder.path() / "data.db";
    std::optional<Connection> database;
    {
        hocket::EventLoop loop;
        hocket::Event never;
        auto writing = [&]() -> Coro<> {
            database = co_await connect(path);
            co_await database->execute("CREATE TABLE t (x)");
            auto body = [&](Transaction& transaction) -> Coro<> {
                co_await transaction.execute("INSERT INTO t VALUES (1)");
                loop.stop();
                co_await never.wait();
            };
            co_await database->transaction(body);
        };
        auto waiting = [&]() -> Coro<> { co_await database->execute("INSERT INTO t VALUES (2)"); };
        auto task = loop.create_task(writing());
        loop.run_forever();
        auto held = loop.create_task(waiting());
        auto some_turns = []() -> Coro<> { co_await turns(3); };
        loop.run_until_complete(some_turns());
        loop.close();
        EXPECT_TRUE(task.cancelled());
        EXPECT_TRUE(held.cancelled());
    }
    database.reset();
    auto check = [&]() -> Coro<> {
        const Connection again = co_await connect(path);
        const int rows = co_await count(again);
        EXPECT_LE(rows, 1); // what waited for the transaction's end may have run
    };
    hocket::run(check);
}

namespace {

struct Case {
    const char* name;
    std::function<Coro<>(const Connection&, const std::string& folder)> run;
};

const std::vector<Case> cases{
    {"execute",
     [](const Connection& database, const std::string&) -> Coro<> {
         co_await database.execute("INSERT INTO t VALUES (1)");
     }},
    {"fetch",
     [](const Connection& database, const std::string&) -> Coro<> {
         co_await database.fetchone("SELECT * FROM t");
         co_await database.fetchall("SELECT * FROM t");
     }},
    {"iterate",
     [](const Connection& database, const std::string&) -> Coro<> {
         auto rows = database.iterate("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                      "FROM n LIMIT 200) SELECT i FROM n");
         while (co_await rows.next()) {
         }
     }},
    {"executemany",
     [](const Connection& database, const std::string&) -> Coro<> {
         std::vector<hocket::sqlite::Parameters> rows;
         for (int i = 0; i < 100; ++i) {
             rows.emplace_back(i);
         }
         co_await database.executemany("INSERT INTO t VALUES (?)", std::move(rows));
     }},
    {"executescript",
     [](const Connection& database, const std::string&) -> Coro<> {
         co_await database.executescript("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
     }},
    {"transaction",
     [](const Connection& database, const std::string&) -> Coro<> {
         auto body = [](Transaction& transaction) -> Coro<> {
             co_await transaction.execute("INSERT INTO t VALUES (1)");
             co_await transaction.execute("INSERT INTO t VALUES (2)");
         };
         co_await database.transaction(body);
     }},
    {"backup",
     [](const Connection& database, const std::string& folder) -> Coro<> {
         co_await database.backup(folder + "/copy.db", {.pages = 1});
     }},
    {"connect",
     [](const Connection&, const std::string& folder) -> Coro<> {
         const Connection other = co_await connect(folder + "/data.db");
         co_await other.execute("SELECT count(*) FROM t");
         co_await other.close();
     }},
};

class SqliteSweep : public testing::TestWithParam<Case> {};

/// Cancels the operation after `step` turns. Returns whether it was cancelled before its end.
Coro<bool> cancel_after(const Connection& database, const std::string& folder, int step,
                        const Case& tried) {
    auto task = hocket::create_task(tried.run(database, folder));
    for (int i = 0; i < step && !task.done(); ++i) {
        co_await turns();
    }
    task.cancel();
    co_await end_of(task);
    co_return task.cancelled();
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Operations, SqliteSweep, testing::ValuesIn(cases),
                         [](const auto& info) { return std::string(info.param.name); });

// Whenever it is cancelled, the operation has happened as a whole or not at all, no transaction is
// left open, and the connection can be used.
TEST_P(SqliteSweep, CancelledAtEveryTurn) {
    const TemporaryFolder folder;
    auto program = [&]() -> Coro<> {
        const Connection database = co_await connect(
            folder.path() / "data.db", {.synchronous = hocket::sqlite::Synchronous::off});
        co_await database.execute("CREATE TABLE t (x)");
        bool was_cancelled = true;
        for (int step = 0; was_cancelled && step < 50'000'000; step = next_step(step)) {
            co_await database.execute("DELETE FROM t");
            was_cancelled =
                co_await cancel_after(database, folder.path().string(), step, GetParam());
            const int rows = co_await count(database);
            const std::string name = GetParam().name;
            if (name == "transaction") {
                EXPECT_TRUE(rows == 0 || rows == 2) << rows;
            } else if (name == "executemany") {
                EXPECT_TRUE(rows == 0 || rows == 100) << rows;
            }
            EXPECT_FALSE(database.in_transaction());
        }
        EXPECT_FALSE(was_cancelled);
    };
    hocket::run(program);
}
