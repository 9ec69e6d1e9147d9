// Several connections to one file: locks, pools, backups, and processes that are killed.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

#include "support/end_of.hpp"
#include "support/other_process.hpp"
#include "support/temporary_folder.hpp"
#include "support/turns.hpp"

namespace {

using hocket::Coro;
using hocket::sqlite::connect;
using hocket::sqlite::Connection;
using hocket::sqlite::create_pool;
using hocket::sqlite::Parameters;
using hocket::sqlite::Transaction;
using std::chrono::milliseconds;

template <class S> Coro<int> count(const S& database) {
    const auto row = co_await database.fetchone("SELECT count(*) FROM t");
    co_return row.value().template get<int>(0);
}

Coro<> fill(const Connection& database, int rows) {
    co_await database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
    std::vector<Parameters> values;
    for (int i = 0; i < rows; ++i) {
        values.emplace_back(i, std::string(1000, 'x'));
    }
    co_await database.executemany("INSERT INTO t VALUES (?, ?)", std::move(values));
}

class SqliteFiles : public testing::Test {
protected:
    TemporaryFolder folder_;
    std::string path_ = folder_.path() / "data.db";
};

} // namespace

TEST_F(SqliteFiles, AStatementWaitsForALockAndThenThrowsBusyError) {
    auto program = [&]() -> Coro<> {
        const Connection first = co_await connect(path_);
        co_await fill(first, 1);
        const Connection second = co_await connect(path_, {.busy_timeout = milliseconds(1)});
        auto body = [&](Transaction&) -> Coro<> {
            int code = 0;
            try {
                co_await second.execute("DELETE FROM t");
            } catch (const hocket::sqlite::BusyError& error) {
                code = error.code();
                EXPECT_EQ(error.sql(), "DELETE FROM t");
            }
            EXPECT_EQ(code, 5);
            EXPECT_EQ(co_await count(second), 1); // a WAL: reading does not wait
        };
        co_await first.transaction(body);
        co_await second.execute("DELETE FROM t");
    };
    hocket::run(program);
}

TEST_F(SqliteFiles, AStatementContinuesWhenTheLockIsReleased) {
    auto program = [&]() -> Coro<> {
        const Connection first = co_await connect(path_);
        co_await fill(first, 1);
        const Connection second =
            co_await connect(path_, {.busy_timeout = std::chrono::minutes(2)});
        std::optional<hocket::Task<hocket::sqlite::Result>> waiting;
        auto body = [&](Transaction&) -> Coro<> {
            waiting = hocket::create_task(second.execute("DELETE FROM t"));
            co_await hocket::sleep(milliseconds(2));
            EXPECT_FALSE(waiting->done());
        };
        co_await first.transaction(body);
        const auto result = co_await *waiting;
        EXPECT_EQ(result.rowcount, 1);
    };
    hocket::run(program);
}

TEST_F(SqliteFiles, APoolReadsWhileItWrites) {
    auto program = [&]() -> Coro<> {
        const auto pool = co_await create_pool(path_, {.readers = 3});
        co_await fill(pool.writer(), 10);
        auto body = [&](Transaction& transaction) -> Coro<> {
            co_await transaction.execute("DELETE FROM t");
            EXPECT_EQ(co_await count(pool), 10); // not committed
        };
        co_await pool.transaction(body);
        EXPECT_EQ(co_await count(pool), 0);
        bool was_refused = false;
        try {
            co_await pool.fetchone("INSERT INTO t VALUES (1, 'x') RETURNING id");
        } catch (const hocket::sqlite::OperationalError&) {
            was_refused = true;
        }
        EXPECT_TRUE(was_refused);
        co_await pool.close();
    };
    hocket::run(program);
}

// Each statement waits until the others run as well.
TEST_F(SqliteFiles, ThePoolsReadersRunSideBySide) {
    auto program = [&]() -> Coro<> {
        const auto pool = co_await create_pool(path_, {.readers = 3});
        const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                                    "n) SELECT count(*) FROM n";
        auto first = hocket::create_task(pool.fetchone(endless));
        auto second = hocket::create_task(pool.fetchone(endless));
        co_await turns();
        for (int i = 0; i < 20; ++i) { // always on the connection that is idle
            const auto row = co_await pool.fetchone("SELECT ?", i);
            EXPECT_EQ(row.value().get<int>(0), i);
        }
        EXPECT_FALSE(first.done());
        first.cancel();
        second.cancel();
        co_await end_of(first);
        co_await end_of(second);
    };
    hocket::run(program);
}

TEST_F(SqliteFiles, APoolNeedsAFileAndReaders) {
    const auto opening = [](std::string path, hocket::sqlite::PoolOptions options) {
        auto program = [=]() -> Coro<> { co_await create_pool(path, options); };
        hocket::run(program);
    };
    EXPECT_THROW(opening(":memory:", {}), hocket::ValueError);
    EXPECT_THROW(opening(path_, {.readers = 0}), hocket::ValueError);
    hocket::sqlite::PoolOptions reading;
    reading.connection.read_only = true;
    EXPECT_THROW(opening(path_, reading), hocket::ValueError);
}

TEST_F(SqliteFiles, ABackupIsACopyAndReportsItsProgress) {
    const std::string copy = folder_.path() / "copy.db";
    auto program = [&]() -> Coro<> {
        const Connection database = co_await connect(path_);
        co_await fill(database, 100);
        std::vector<hocket::sqlite::BackupProgress> steps;
        auto progress = [&](hocket::sqlite::BackupProgress step) { steps.push_back(step); };
        auto backup = hocket::create_task(database.backup(copy, {.pages = 5}, progress));
        auto writing = hocket::create_task(database.execute("DELETE FROM t WHERE id = 99"));
        co_await backup;
        co_await writing;
        EXPECT_GT(steps.size(), 5U);
        EXPECT_EQ(steps.back().remaining, 0);
        EXPECT_GT(steps.back().total, 20);
        const Connection other = co_await connect(copy);
        EXPECT_EQ(co_await count(other), 99);
        const auto check = co_await other.fetchone("PRAGMA integrity_check");
        EXPECT_EQ(check.value().get<std::string>(0), "ok");
    };
    hocket::run(program);
}

TEST_F(SqliteFiles, ABackupWaitsForALockedTargetAndThenThrows) {
    const std::string copy = folder_.path() / "copy.db";
    auto program = [&]() -> Coro<> {
        const Connection database = co_await connect(path_);
        co_await fill(database, 1);
        const Connection target =
            co_await connect(copy, {.journal_mode = hocket::sqlite::JournalMode::rollback});
        auto body = [&](Transaction&) -> Coro<> {
            bool was_busy = false;
            try {
                co_await database.backup(copy, {.busy_timeout = milliseconds(20)});
            } catch (const hocket::sqlite::BusyError&) {
                was_busy = true;
            }
            EXPECT_TRUE(was_busy);
        };
        co_await target.transaction(body, hocket::sqlite::TransactionMode::exclusive);
        co_await database.backup(copy);
        EXPECT_EQ(co_await count(target), 1);
    };
    hocket::run(program);
    EXPECT_THROW(hocket::run([&]() -> Coro<> {
                     const Connection database = co_await connect(":memory:");
                     co_await database.backup(copy, {.pages = 0});
                 }),
                 hocket::ValueError);
}

TEST_F(SqliteFiles, WhatAKilledProcessHasCommittedIsThere) {
    other_process::OtherProcess writer([&](other_process::Channel& channel) {
        auto program = [&]() -> Coro<> {
            const Connection database = co_await connect(path_);
            co_await fill(database, 0);
            for (int i = 0;; ++i) {
                auto body = [&](Transaction& transaction) -> Coro<> {
                    co_await transaction.execute("INSERT INTO t VALUES (?, 'a')", 2 * i);
                    co_await transaction.execute("INSERT INTO t VALUES (?, 'b')", 2 * i + 1);
                };
                co_await database.transaction(body);
                channel.send(2 * (i + 1));
            }
        };
        hocket::run(program);
    });
    int acknowledged = 0;
    while (acknowledged < 20) {
        acknowledged = writer.receive<int>();
    }
    writer.kill();
    auto program = [&]() -> Coro<> {
        const Connection database = co_await connect(path_);
        const int rows = co_await count(database);
        EXPECT_GE(rows, acknowledged);
        EXPECT_EQ(rows % 2, 0);
    };
    hocket::run(program);
}

// Reads that wait together share a snapshot, but one that is made later sees what was committed
// before it was made.
TEST_F(SqliteFiles, AReadSeesWhatWasCommittedBeforeItWasMade) {
    auto program = [&]() -> Coro<> {
        const auto pool = co_await create_pool(path_, {.readers = 1});
        co_await fill(pool.writer(), 0);
        bool is_ended = false;
        auto keep_it_busy = [&]() -> Coro<> {
            while (!is_ended) {
                co_await pool.fetchone("SELECT count(*) FROM t");
            }
        };
        std::vector<hocket::Task<>> readers;
        for (int i = 0; i < 20; ++i) {
            readers.push_back(hocket::create_task(keep_it_busy()));
        }
        for (int i = 0; i < 200; ++i) {
            co_await pool.execute("INSERT INTO t VALUES (?, 'x')", i);
            EXPECT_EQ(co_await count(pool), i + 1);
        }
        is_ended = true;
        for (auto& reader : readers) {
            co_await reader;
        }
    };
    hocket::run(program);
}
