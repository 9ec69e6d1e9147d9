#include <hocket/postgres.hpp>

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>

#include "postgres/connected.hpp"

namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
namespace postgres = hocket::postgres;
using postgres::Connection;
using postgres_test::connected;
using testing::HasSubstr;

class PostgresTypes : public postgres_test::PostgresTest {};

/// What the server returns for an argument of the SQL type, read as T.
template <class T, class A = T>
hocket::Coro<T> round_trip(Connection& db, std::string type, A argument) {
    return db.fetchval<T>("SELECT $1::" + type, argument);
}

TEST_F(PostgresTypes, NumbersKeepTheirValues) {
    connected([](Connection& db) -> hocket::Coro<> {
        EXPECT_EQ(co_await round_trip<std::int16_t>(db, "int2", std::int16_t{-32768}), -32768);
        EXPECT_EQ(co_await round_trip<int>(db, "int4", std::numeric_limits<int>::min()),
                  std::numeric_limits<int>::min());
        EXPECT_EQ(
            co_await round_trip<std::int64_t>(db, "int8", std::numeric_limits<std::int64_t>::max()),
            std::numeric_limits<std::int64_t>::max());
        EXPECT_EQ(co_await round_trip<unsigned>(db, "oid", 4000000000U), 4000000000U);
        EXPECT_EQ(co_await round_trip<double>(db, "float8", 0.1), 0.1);
        EXPECT_EQ(co_await round_trip<float>(db, "float4", 0.1F), 0.1F);
        EXPECT_EQ((co_await round_trip<double, int>(db, "float8", 3)), 3.0);
        EXPECT_TRUE(co_await round_trip<bool>(db, "bool", true));
    });
}

// Not in the coroutines, in which g++ 12 does not compile them.
constexpr const char* numerics[] = {
    "0",      "1",          "-1",          "10000", "123456789012345678901234567890.123456789",
    "0.0001", "0.00000012", "-99999.9999", "1.50",  "100000000",
    "NaN",    "Infinity",   "-Infinity"};
using Names = std::vector<std::optional<std::string>>;
const Names some_names = {"a", std::nullopt, "with \"quotes\", {braces} and \\", ""};
const std::vector<int> some_numbers = {1, -2, 3};
const std::vector<std::string> some_prices = {"1.50", "-0.1"};
const std::vector<std::string> some_json = {"{\"a\": 1}"};
const std::vector<std::string> some_moods = {"sad", "happy"};
const postgres::Bytes some_bytes = {std::byte{0}, std::byte{255}};

TEST_F(PostgresTypes, NumericsAreText) {
    connected([](Connection& db) -> hocket::Coro<> {
        for (const char* const text : numerics) {
            EXPECT_EQ((co_await round_trip<std::string, std::string>(db, "numeric", text)), text);
        }
        EXPECT_EQ((co_await round_trip<std::string, int>(db, "numeric", 42)), "42");
        EXPECT_EQ((co_await round_trip<std::string, double>(db, "numeric", 2.5)), "2.5");
    });
}

TEST_F(PostgresTypes, TextBytesAndUuidsKeepTheirValues) {
    connected([](Connection& db) -> hocket::Coro<> {
        EXPECT_EQ(co_await round_trip<std::string>(db, "text", std::string("gr\xC3\xBC\xC3\x9F")),
                  "gr\xC3\xBC\xC3\x9F");
        EXPECT_EQ((co_await round_trip<std::string, const char*>(db, "varchar(3)", "abcd")), "abc");
        const std::string bytes("a\0\\x41\xFF", 7);
        EXPECT_EQ(co_await round_trip<std::string>(db, "bytea", bytes), bytes);
        EXPECT_EQ(co_await round_trip<postgres::Bytes>(db, "bytea", some_bytes), some_bytes);
        const auto uuid = postgres::Uuid::parse("0bd5a4ac-2b8e-4d8c-9c4b-1f6a3c5d7e90");
        EXPECT_EQ(co_await round_trip<postgres::Uuid>(db, "uuid", uuid), uuid);
        EXPECT_EQ((co_await round_trip<std::string, std::string>(db, "uuid", uuid.str())),
                  uuid.str());
        EXPECT_THROW((void)postgres::Uuid::parse("0bd5"), hocket::ValueError);
    });
}

TEST_F(PostgresTypes, JsonIsText) {
    connected([](Connection& db) -> hocket::Coro<> {
        const std::string json = R"({"a": [1, "two"]})";
        EXPECT_EQ(co_await round_trip<std::string>(db, "json", json), json);
        EXPECT_EQ(co_await round_trip<std::string>(db, "jsonb", json), json);
        EXPECT_EQ(co_await db.fetchval<int>("SELECT ($1::jsonb->'a'->>0)::int", json), 1);
    });
}

TEST_F(PostgresTypes, TimesAreChrono) {
    connected([](Connection& db) -> hocket::Coro<> {
        const postgres::TimestampTz moment = sys_days(2024y / February / 29) + 13h + 123456us;
        EXPECT_EQ(co_await round_trip<postgres::TimestampTz>(db, "timestamptz", moment), moment);
        EXPECT_EQ(co_await db.fetchval<postgres::TimestampTz>(
                      "SELECT '2024-02-29 13:00:00.123456Z'::timestamptz"),
                  moment);
        const auto now = floor<microseconds>(system_clock::now());
        EXPECT_EQ((co_await round_trip<system_clock::time_point, system_clock::time_point>(
                      db, "timestamptz", now)),
                  now);
        const postgres::Timestamp local = local_days(1969y / December / 31) + 23h;
        EXPECT_EQ(co_await round_trip<postgres::Timestamp>(db, "timestamp", local), local);
        EXPECT_EQ(co_await round_trip<year_month_day>(db, "date", 1815y / December / 10),
                  1815y / December / 10);
        const postgres::Interval interval{.months = 14, .days = 3, .time = -4s};
        EXPECT_EQ(co_await round_trip<postgres::Interval>(db, "interval", interval), interval);
        const postgres::TimeOfDay time{13h + 5min};
        EXPECT_EQ(co_await round_trip<postgres::TimeOfDay>(db, "time", time), time);
        EXPECT_THROW(co_await db.fetchval<postgres::TimestampTz>("SELECT 'infinity'::timestamptz"),
                     postgres::DataError);
    });
}

TEST_F(PostgresTypes, ArraysAreVectorsAndNullsAreOptionals) {
    connected([](Connection& db) -> hocket::Coro<> {
        using Numbers = std::vector<int>;
        using Texts = std::vector<std::string>;
        EXPECT_EQ(co_await round_trip<Numbers>(db, "int4[]", some_numbers), some_numbers);
        EXPECT_EQ(co_await round_trip<Numbers>(db, "int8[]", some_numbers), some_numbers);
        EXPECT_EQ(co_await round_trip<Numbers>(db, "int4[]", Numbers()), Numbers());
        EXPECT_EQ(co_await round_trip<Names>(db, "text[]", some_names), some_names);
        EXPECT_EQ(co_await round_trip<Texts>(db, "numeric[]", some_prices), some_prices);
        EXPECT_EQ(co_await round_trip<Texts>(db, "jsonb[]", some_json), some_json);
        EXPECT_EQ(
            co_await db.fetchval<std::int64_t>(
                "SELECT count(*) FROM generate_series(1, 9) AS n WHERE n = ANY($1)", some_numbers),
            2);
        EXPECT_EQ(co_await db.fetchval<std::optional<std::string>>("SELECT $1::text", std::nullopt),
                  std::nullopt);
        EXPECT_THROW(co_await db.fetchval<std::vector<int>>("SELECT '{{1,2},{3,4}}'::int[]"),
                     postgres::DataError);
    });
}

TEST_F(PostgresTypes, EnumsAreText) {
    connected([](Connection& db) -> hocket::Coro<> {
        co_await db.execute("DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad', 'happy')");
        EXPECT_EQ(co_await round_trip<std::string>(db, "mood", std::string("happy")), "happy");
        EXPECT_EQ(co_await round_trip<std::vector<std::string>>(db, "mood[]", some_moods),
                  some_moods);
        co_await db.execute("DROP TYPE mood");
    });
}

template <class F> hocket::Coro<std::string> data_error(F call) {
    try {
        co_await call();
    } catch (const postgres::DataError& error) {
        co_return error.what();
    }
    co_return "no error";
}

TEST_F(PostgresTypes, AWrongTypeIsAnErrorThatNamesTheColumnAndBothTypes) {
    connected([](Connection& db) -> hocket::Coro<> {
        const auto row = co_await db.fetchrow(
            "SELECT 'x'::text AS name, 300 AS n, NULL::int AS nothing, '1.2.3.4'::inet AS ip, 1.5 "
            "AS price");
        const auto error_of = [&](auto read) -> std::string {
            try {
                read();
            } catch (const postgres::DataError& error) {
                return error.what();
            } catch (const postgres::InterfaceError& error) {
                return error.what();
            }
            return "no error";
        };
        EXPECT_EQ(error_of([&] { (void)row->get<int>("name"); }),
                  "column 'name' has type text, which cannot be read as int");
        EXPECT_EQ(error_of([&] { (void)row->get<std::int8_t>("n"); }),
                  "column 'n' of type int4 holds 300, which does not fit in std::int8_t");
        EXPECT_EQ(error_of([&] { (void)row->get<int>("nothing"); }),
                  "column 'nothing' of type int4 is null: read it as std::optional instead of as "
                  "int");
        EXPECT_EQ(error_of([&] { (void)row->get<std::string>("ip"); }),
                  "column 'ip' has type inet, which cannot be read as std::string; the query can "
                  "cast it: column::text");
        EXPECT_THAT(error_of([&] { (void)row->get<double>("price"); }), HasSubstr("numeric"));
        EXPECT_EQ(error_of([&] { (void)row->get<int>("missing"); }),
                  "there is no column 'missing': the row has 'name', 'n', 'nothing', 'ip', "
                  "'price'");
        EXPECT_THAT(error_of([&] { (void)row->as<int>(); }), HasSubstr("5 columns, and 1"));
    });
}

TEST_F(PostgresTypes, AnArgumentThatDoesNotFitIsAnErrorAndLeavesTheConnectionUsable) {
    connected([](Connection& db) -> hocket::Coro<> {
        const auto large = [&] { return db.fetch("SELECT $1::int2", 70000); };
        EXPECT_EQ(co_await data_error(large),
                  "parameter $1 has type int2, and 70000 does not fit in it");
        const auto number = [&] { return db.fetch("SELECT $1::text", 5); };
        EXPECT_THAT(co_await data_error(number),
                    HasSubstr("parameter $1 has type text; the argument is an integer"));
        const auto array = [&] { return db.fetch("SELECT $1::int", some_numbers); };
        EXPECT_THAT(co_await data_error(array), HasSubstr("has type int4"));
        EXPECT_THROW(co_await db.fetch("SELECT $1::int"), postgres::InterfaceError);
        EXPECT_THROW(co_await db.fetch("SELECT 1", 2), postgres::InterfaceError);
        EXPECT_THROW((void)db.fetch("SELECT $1", std::numeric_limits<std::uint64_t>::max()),
                     postgres::DataError);
        EXPECT_EQ(co_await db.fetchval<int>("SELECT 1"), 1);
    });
}

} // namespace
