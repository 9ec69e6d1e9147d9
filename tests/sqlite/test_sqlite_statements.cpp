#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

#include "support/temporary_folder.hpp"

namespace {

using hocket::Coro;
using hocket::sqlite::connect;
using hocket::sqlite::Connection;
using hocket::sqlite::Parameters;
using hocket::sqlite::Row;
using testing::HasSubstr;

template <class Body> void with_database(Body body) {
    auto program = [&]() -> Coro<> {
        const Connection database = co_await connect(":memory:");
        co_await database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
        co_await body(database);
    };
    hocket::run(program);
}

Coro<int> count(const Connection& database) {
    const auto row = co_await database.fetchone("SELECT count(*) FROM t");
    co_return row.value().get<int>(0);
}

/// The error of an awaitable.
template <class E, class A> Coro<std::optional<E>> error_of(A awaitable) {
    try {
        co_await std::move(awaitable);
    } catch (const E& error) {
        co_return error;
    }
    co_return std::nullopt;
}

Coro<> run_one(const Connection& database, std::string sql) {
    co_await database.execute(std::move(sql));
}

} // namespace

TEST(Sqlite, ExecuteTellsWhatItHasChanged) {
    with_database([](const Connection& database) -> Coro<> {
        const auto inserted =
            co_await database.execute("INSERT INTO t (name) VALUES (?), (?)", "a", "b");
        EXPECT_EQ(inserted.rowcount, 2);
        EXPECT_EQ(inserted.lastrowid, 2);
        const auto updated = co_await database.execute("UPDATE t SET name = upper(name)");
        EXPECT_EQ(updated.rowcount, 2);
        const auto created = co_await database.execute("CREATE TABLE u (x)");
        EXPECT_EQ(created.rowcount, 0);
        const auto selected = co_await database.execute("SELECT * FROM t");
        EXPECT_EQ(selected.rowcount, 0);
        const auto deleted = co_await database.execute("DELETE FROM t WHERE id > 1");
        EXPECT_EQ(deleted.rowcount, 1);
    });
}

TEST(Sqlite, FetchoneReturnsTheFirstRowOrNothing) {
    with_database([](const Connection& database) -> Coro<> {
        const auto none = co_await database.fetchone("SELECT * FROM t");
        EXPECT_FALSE(none.has_value());
        co_await database.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        const auto first = co_await database.fetchone("SELECT name FROM t ORDER BY id");
        EXPECT_EQ(first.value().get<std::string>(0), "a");
    });
}

TEST(Sqlite, FetchoneOfAStatementThatWritesRunsItToTheEnd) {
    with_database([](const Connection& database) -> Coro<> {
        const auto row =
            co_await database.fetchone("INSERT INTO t (name) VALUES ('a'), ('b') RETURNING id");
        EXPECT_EQ(row.value().get<int>("id"), 1);
        EXPECT_EQ(co_await count(database), 2);
        EXPECT_FALSE(database.in_transaction());
    });
}

TEST(Sqlite, FetchallAndIterateReturnAllRowsInOrder) {
    with_database([](const Connection& database) -> Coro<> {
        std::vector<Parameters> rows;
        for (int i = 1; i <= 200; ++i) {
            rows.emplace_back(i, "name " + std::to_string(i));
        }
        const auto inserted = co_await database.executemany("INSERT INTO t VALUES (?, ?)", rows);
        EXPECT_EQ(inserted.rowcount, 200);
        const auto all = co_await database.fetchall("SELECT id FROM t WHERE id > ?", 100);
        EXPECT_EQ(all.size(), 100U);
        EXPECT_EQ(all.at(0).get<int>(0), 101);
        auto cursor = database.iterate("SELECT id FROM t ORDER BY id");
        int expected = 0;
        while (auto row = co_await cursor.next()) {
            EXPECT_EQ(row->get<int>(0), ++expected);
        }
        EXPECT_EQ(expected, 200);
    });
}

TEST(Sqlite, ARunningIterationMayBeGivenUp) {
    with_database([](const Connection& database) -> Coro<> {
        {
            auto numbers = database.iterate(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
            for (int i = 1; i <= 100; ++i) {
                const auto row = co_await numbers.next();
                EXPECT_EQ(row.value().get<int>(0), i);
            }
        }
        co_await database.execute("DROP TABLE t"); // fails while a statement is open
    });
}

TEST(Sqlite, ExecutemanyRunsAllOrNothing) {
    with_database([](const Connection& database) -> Coro<> {
        std::vector<Parameters> rows;
        rows.emplace_back(1, "a");
        rows.emplace_back(2, "b");
        rows.emplace_back(3, "a");
        const auto error = co_await error_of<hocket::sqlite::IntegrityError>(
            database.executemany("INSERT INTO t VALUES (?, ?)", std::move(rows)));
        EXPECT_EQ(error.value().code_name(), "SQLITE_CONSTRAINT_UNIQUE");
        EXPECT_EQ(co_await count(database), 0);
        EXPECT_FALSE(database.in_transaction());
    });
}

TEST(Sqlite, ExecutescriptRunsEveryStatement) {
    with_database([](const Connection& database) -> Coro<> {
        co_await database.executescript("INSERT INTO t VALUES (1, 'a;b'); -- two statements\n"
                                        "SELECT * FROM t; INSERT INTO t VALUES (2, 'c') ;\n\n");
        EXPECT_EQ(co_await count(database), 2);
        const auto error = co_await error_of<hocket::sqlite::OperationalError>(
            database.executescript("DELETE FROM t; DELETE FROM nowhere; DROP TABLE t"));
        EXPECT_EQ(error.value().sql(), " DELETE FROM nowhere;");
        EXPECT_EQ(co_await count(database), 0);
    });
}

TEST(Sqlite, ErrorsHaveTheCodeAndTheStatement) {
    with_database([](const Connection& database) -> Coro<> {
        const auto syntax = co_await error_of<hocket::sqlite::OperationalError>(
            run_one(database, "SELECT missing FROM t"));
        EXPECT_EQ(syntax.value().code(), 1);
        EXPECT_EQ(syntax.value().sql(), "SELECT missing FROM t");
        EXPECT_STREQ(syntax.value().what(), "no such column: missing, at byte 7 (SQLITE_ERROR) in: "
                                            "SELECT missing FROM t");
        const auto two = co_await error_of<hocket::sqlite::ProgrammingError>(
            run_one(database, "SELECT 1; SELECT 2"));
        EXPECT_THAT(two.value().what(), HasSubstr("more than one statement"));
        const auto none =
            co_await error_of<hocket::sqlite::ProgrammingError>(run_one(database, "-- nothing"));
        EXPECT_THAT(none.value().what(), HasSubstr("contains no statement"));
        co_await run_one(database, "SELECT 1; -- and a comment");
        co_await database.execute("INSERT INTO t VALUES (1, 'a')");
        const auto twice = co_await error_of<hocket::sqlite::IntegrityError>(
            run_one(database, "INSERT INTO t VALUES (1, 'b')"));
        EXPECT_EQ(twice.value().code(), 19);
        EXPECT_EQ(twice.value().extended_code(), 1555);
        EXPECT_EQ(twice.value().code_name(), "SQLITE_CONSTRAINT_PRIMARYKEY");
    });
}

TEST(Sqlite, AStatementIsPreparedAgainWhenTheSchemaHasChanged) {
    with_database([](const Connection& database) -> Coro<> {
        co_await database.execute("INSERT INTO t VALUES (1, 'a')");
        const std::string sql = "SELECT * FROM t";
        const auto before = co_await database.fetchone(sql);
        EXPECT_EQ(before.value().keys(), (Row::Names{"id", "name"}));
        co_await database.execute("ALTER TABLE t RENAME COLUMN name TO label");
        co_await database.execute("ALTER TABLE t ADD COLUMN size");
        const auto after = co_await database.fetchone(sql);
        EXPECT_EQ(after.value().keys(), (Row::Names{"id", "label", "size"}));
        EXPECT_EQ(before.value().keys(), (Row::Names{"id", "name"}));
    });
}

TEST(Sqlite, OnlySoManyStatementsAreKept) {
    auto program = []() -> Coro<> {
        const auto database = co_await connect(":memory:", {.cached_statements = 2});
        for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < 5; ++i) {
                const auto row = co_await database.fetchone("SELECT " + std::to_string(i));
                EXPECT_EQ(row.value().get<int>(0), i);
            }
        }
    };
    hocket::run(program);
}

TEST(Sqlite, ManyTasksShareAConnection) {
    with_database([](const Connection& database) -> Coro<> {
        std::vector<Coro<hocket::sqlite::Result>> inserts;
        for (int i = 0; i < 500; ++i) {
            inserts.push_back(
                database.execute("INSERT INTO t VALUES (?, ?)", i, std::to_string(i)));
        }
        co_await hocket::gather(std::move(inserts));
        EXPECT_EQ(co_await count(database), 500);
    });
}

TEST(Sqlite, WhatIsAskedAfterClosingIsRefused) {
    with_database([](const Connection& database) -> Coro<> {
        auto cursor = database.iterate("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                       "FROM n) SELECT i FROM n");
        co_await cursor.next();
        co_await database.close();
        co_await database.close(); // does nothing
        const auto error =
            co_await error_of<hocket::sqlite::ProgrammingError>(run_one(database, "SELECT 1"));
        EXPECT_THAT(error.value().what(), HasSubstr("the SQLite connection is closed"));
        EXPECT_FALSE(database.in_transaction());
    });
}

TEST(Sqlite, FilesThatCannotBeOpenedAreNamed) {
    const TemporaryFolder folder;
    const std::string nowhere = folder.path() / "nowhere" / "data.db";
    const std::string text = folder.path() / "text";
    auto program = [&]() -> Coro<> {
        const auto missing = co_await error_of<hocket::sqlite::OperationalError>(connect(nowhere));
        EXPECT_THAT(missing.value().what(), HasSubstr(nowhere));
        EXPECT_EQ(missing.value().code_name(), "SQLITE_CANTOPEN");
        const auto not_created = co_await error_of<hocket::sqlite::OperationalError>(
            connect(folder.path() / "new.db", {.create = false}));
        EXPECT_TRUE(not_created.has_value());
        co_await hocket::files::write_text(text, std::string(4096, 'x'));
        const auto wrong = co_await error_of<hocket::sqlite::Error>(connect(text));
        EXPECT_EQ(wrong.value().code_name(), "SQLITE_NOTADB");
    };
    hocket::run(program);
}

TEST(Sqlite, AConnectionThatOnlyReadsDoesNotWrite) {
    const TemporaryFolder folder;
    const std::string path = folder.path() / "data.db";
    auto program = [&]() -> Coro<> {
        const auto writer = co_await connect(path);
        co_await writer.execute("CREATE TABLE t (x)");
        const auto reader = co_await connect(path, {.read_only = true});
        const auto row = co_await reader.fetchone("SELECT count(*) FROM t");
        EXPECT_EQ(row.value().get<int>(0), 0);
        const auto error = co_await error_of<hocket::sqlite::OperationalError>(
            run_one(reader, "INSERT INTO t VALUES (1)"));
        EXPECT_EQ(error.value().code_name(), "SQLITE_READONLY");
        const auto mode = co_await writer.fetchone("PRAGMA journal_mode");
        EXPECT_EQ(mode.value().get<std::string>(0), "wal");
    };
    hocket::run(program);
}

TEST(Sqlite, AConnectionOfAnotherLoopIsRefused) {
    std::optional<Connection> kept;
    auto opening = [&]() -> Coro<> { kept = co_await connect(":memory:"); };
    hocket::EventLoop first;
    first.run_until_complete(opening());
    hocket::EventLoop second;
    auto using_it = [&]() -> Coro<> { co_await kept->execute("SELECT 1"); };
    EXPECT_THROW(second.run_until_complete(using_it()), hocket::RuntimeError);
}
