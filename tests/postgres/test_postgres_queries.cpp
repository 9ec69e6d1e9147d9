#include <hocket/postgres.hpp>

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
using testing::HasSubstr;

class PostgresQueries : public postgres_test::PostgresTest {};

TEST_F(PostgresQueries, FetchReturnsRowsWithTypedColumns) {
    connected([](Connection& db) -> hocket::Coro<> {
        const auto rows = co_await db.fetch(
            "SELECT n AS id, 'row ' || n AS name FROM generate_series(1, $1) AS n", 3);
        EXPECT_EQ(rows.size(), 3U);
        EXPECT_EQ(rows.status(), "SELECT 3");
        std::vector<std::string> names;
        int expected_id = 1;
        for (const auto row : rows) {
            const auto [id, name] = row.as<int, std::string>();
            EXPECT_EQ(id, expected_id++);
            EXPECT_EQ(row.get<std::string_view>("name"), name);
            names.push_back(name);
        }
        EXPECT_THAT(names, ElementsAre("row 1", "row 2", "row 3"));
    });
}

TEST_F(PostgresQueries, FetchrowAndFetchvalReturnTheFirstRowAndValue) {
    connected([](Connection& db) -> hocket::Coro<> {
        const auto row = co_await db.fetchrow("SELECT 1 AS a, true AS b");
        EXPECT_TRUE(row.has_value());
        EXPECT_TRUE(row->get<bool>("b"));
        EXPECT_FALSE((co_await db.fetchrow("SELECT 1 WHERE false")).has_value());
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 40 + $1::int", 2), 42);
        EXPECT_EQ(co_await db.fetchval<std::optional<int>>("SELECT 1 WHERE false"), std::nullopt);
        EXPECT_EQ(co_await db.fetchval<std::optional<int>>("SELECT NULL::int"), std::nullopt);
        EXPECT_THROW(co_await db.fetchval<int>("SELECT 1 WHERE false"), postgres::InterfaceError);
    });
}

TEST_F(PostgresQueries, ExecuteReturnsTheSummaryAndRunsScripts) {
    connected([](Connection& db) -> hocket::Coro<> {
        EXPECT_EQ(co_await db.execute("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2)"),
                  "INSERT 0 2");
        EXPECT_EQ(co_await db.execute("UPDATE t SET a = a + $1", 5), "UPDATE 2");
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT sum(a) FROM t"), 13);
    });
}

TEST_F(PostgresQueries, ExecutemanyRunsAllRowsOrNone) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)");
        const std::vector<std::tuple<int, std::string>> rows = {{1, "a"}, {2, "b"}, {3, "c"}};
        co_await db.executemany("INSERT INTO t VALUES ($1, $2)", rows);
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t"), 3);
        const std::vector<std::tuple<int, std::string>> clash = {{4, "d"}, {1, "again"}};
        EXPECT_THROW(co_await db.executemany("INSERT INTO t VALUES ($1, $2)", clash),
                     postgres::UniqueViolationError);
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t"), 3);
    });
}

TEST_F(PostgresQueries, ArgumentsAreNeverPartOfTheSql) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (name text)");
        const std::string attack = "'); DROP TABLE t; -- \" \\ $1 %s ; \xC3\xA9";
        co_await db.execute("INSERT INTO t VALUES ($1)", attack);
        EXPECT_EQ(co_await db.fetchval<std::string>("SELECT name FROM t"), attack);
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t WHERE name = $1",
                                                     "' OR '1'='1"),
                  0);
        // Names and options of COPY are quoted.
        EXPECT_THROW(co_await db.copy_to_table("t; DROP TABLE t", "x\n"),
                     postgres::UndefinedTableError);
        EXPECT_EQ(co_await db.copy_to_table("t", "a|b\n", {.delimiter = "'"}), "COPY 1");
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t"), 2);
        // A zero byte does not cut a text short.
        EXPECT_THROW(co_await db.execute("INSERT INTO t VALUES ($1)", std::string("a\0b", 3)),
                     postgres::PostgresError);
        EXPECT_THROW(
            co_await db.fetchval<std::string>("SELECT $1::numeric::text", std::string("1\0002", 3)),
            postgres::DataError);
    });
}

TEST_F(PostgresQueries, QueriesOfSeveralTasksArePipelinedAndEachFailsAlone) {
    connected([](Connection& db) -> hocket::Coro<> {
        std::vector<hocket::Task<int>> tasks;
        for (int i = 0; i < 20; ++i) {
            auto divide = [&db, i]() -> hocket::Coro<int> {
                return db.fetchval<int>("SELECT 100 / $1::int", i % 5);
            };
            tasks.push_back(hocket::create_task(divide));
        }
        for (int i = 0; i < 20; ++i) {
            if (i % 5 == 0) {
                EXPECT_THROW(co_await tasks[static_cast<std::size_t>(i)], postgres::PostgresError);
            } else {
                EXPECT_EQ(co_await tasks[static_cast<std::size_t>(i)], 100 / (i % 5));
            }
        }
    });
}

TEST_F(PostgresQueries, ErrorsHaveTheServersFields) {
    connected([](Connection& db) -> hocket::Coro<> {
        try {
            co_await db.fetch("SELECT 1 + nonsense");
            ADD_FAILURE();
        } catch (const postgres::UndefinedColumnError& error) {
            EXPECT_EQ(error.sqlstate(), "42703");
            EXPECT_EQ(error.severity(), "ERROR");
            EXPECT_EQ(error.position(), 12);
            EXPECT_EQ(error.fields().query, "SELECT 1 + nonsense");
            EXPECT_THAT(error.what(), HasSubstr("nonsense"));
        }
        co_await db.execute("CREATE TEMP TABLE t (id int PRIMARY KEY CHECK (id > 0), r int "
                            "REFERENCES pg_temp.t NOT NULL)");
        EXPECT_THROW(co_await db.execute("SELEC"), postgres::SyntaxError);
        EXPECT_THROW(co_await db.fetch("SELEC 1"), postgres::SyntaxError);
        EXPECT_THROW(co_await db.fetch("SELECT * FROM missing"), postgres::UndefinedTableError);
        EXPECT_THROW(co_await db.execute("INSERT INTO t VALUES (1, NULL)"),
                     postgres::NotNullViolationError);
        EXPECT_THROW(co_await db.execute("INSERT INTO t VALUES (1, 9)"),
                     postgres::ForeignKeyViolationError);
        EXPECT_THROW(co_await db.execute("INSERT INTO t VALUES (-1, -1)"),
                     postgres::CheckViolationError);
        co_await db.execute("INSERT INTO t VALUES (1, 1)");
        try {
            co_await db.execute("INSERT INTO t VALUES ($1, 1)", 1);
            ADD_FAILURE();
        } catch (const postgres::UniqueViolationError& error) {
            EXPECT_EQ(error.constraint(), "t_pkey");
            EXPECT_THAT(error.detail(), HasSubstr("(id)=(1)"));
        }
    });
}

TEST_F(PostgresQueries, ACommitThatFailsIsAnError) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        co_await db.execute("INSERT INTO t VALUES ($1)", 1);
        // The server reports the INSERT as done, and then refuses to commit.
        EXPECT_THROW(co_await db.execute("INSERT INTO t VALUES ($1)", 1),
                     postgres::UniqueViolationError);
        EXPECT_EQ(co_await db.fetchval<std::int64_t>("SELECT count(*) FROM t"), 1);
    });
}

TEST_F(PostgresQueries, StatementsArePreparedOnceAndTheLeastUsedAreForgotten) {
    auto main = []() -> hocket::Coro<> {
        postgres::ConnectOptions options{.dsn = Server::shared().dsn()};
        options.statement_cache_size = 3;
        Connection db = co_await postgres::connect(options);
        const char* const count = "SELECT count(*) FROM pg_prepared_statements";
        for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < 3; ++i) {
                co_await db.fetch("SELECT " + std::to_string(i));
            }
        }
        co_await db.fetch(count);
        co_await db.fetch(count);
        EXPECT_EQ(co_await db.fetchval<std::int64_t>(count), 3);
        const auto kept = co_await db.prepare("SELECT $1::int * 2");
        EXPECT_EQ(co_await kept.fetchval<int>(21), 42);
        for (int i = 10; i < 15; ++i) {
            co_await db.fetch("SELECT " + std::to_string(i));
        }
        EXPECT_EQ(co_await kept.fetchval<int>(4), 8);
    };
    hocket::run(main);
}

TEST_F(PostgresQueries, AStatementWhosePlanChangedIsPreparedAgain) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)");
        EXPECT_EQ((co_await db.fetch("SELECT * FROM t")).columns(), 1U);
        co_await db.execute("ALTER TABLE t ADD COLUMN b text");
        EXPECT_EQ((co_await db.fetch("SELECT * FROM t")).columns(), 2U);
        co_await db.execute("DEALLOCATE ALL");
        EXPECT_EQ((co_await db.fetch("SELECT * FROM t")).columns(), 2U);
        co_await db.execute("ALTER TABLE t ADD COLUMN c text");
        auto body = [&]() -> hocket::Coro<> { co_await db.fetch("SELECT * FROM t"); };
        // In a transaction, the error has ended the transaction. The next try works.
        EXPECT_THROW(co_await db.transaction(body), postgres::InvalidCachedStatementError);
        co_await db.transaction(body);
    });
}

TEST_F(PostgresQueries, NoticesGoToTheLogListener) {
    connected([](Connection& db) -> hocket::Coro<> {
        std::vector<std::string> notices;
        db.set_log_listener([&](const postgres::ErrorFields& fields) {
            notices.push_back(fields.severity + ": " + fields.message);
        });
        co_await db.execute("DO $$ BEGIN RAISE WARNING 'careful'; END $$");
        EXPECT_THAT(notices, ElementsAre("WARNING: careful"));
    });
}

TEST_F(PostgresQueries, CopyAsAQueryIsRefused) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("CREATE TEMP TABLE t (a int)");
        EXPECT_THROW(co_await db.execute("COPY t FROM STDIN"), postgres::InterfaceError);
        EXPECT_THROW(co_await db.execute("COPY t TO STDOUT"), postgres::InterfaceError);
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
    });
}

} // namespace
