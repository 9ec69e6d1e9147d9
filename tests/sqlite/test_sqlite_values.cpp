// Values go in as parameters and come out of rows as what they are.

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

namespace {

using hocket::Coro;
using hocket::sqlite::Blob;
using hocket::sqlite::connect;
using hocket::sqlite::named;
using hocket::sqlite::Parameters;
using hocket::sqlite::Row;
using hocket::sqlite::Value;

/// What the statement returns for these parameters, in its first row.
Row row_of(const std::string& sql, Parameters parameters = {}) {
    auto program = [&]() -> Coro<Row> {
        const auto database = co_await connect(":memory:");
        const std::optional<Row> row = co_await database.fetchone(sql, parameters);
        co_return row.value();
    };
    return hocket::run(program);
}

template <class E> std::string message_of(auto call) {
    try {
        call();
    } catch (const E& error) {
        return error.what();
    }
    return "no error";
}

const Blob bytes{std::byte{0}, std::byte{255}};

} // namespace

TEST(SqliteValues, EveryTypeComesBackAsItWentIn) {
    const Row row = row_of("SELECT ?, ?, ?, ?, ?, ?, ?",
                           Parameters(std::numeric_limits<std::int64_t>::min(), 0.1, "täxt",
                                      std::string("a\0b", 3), bytes, nullptr, true));
    EXPECT_EQ(row.get<std::int64_t>(0), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(row.get<double>(1), 0.1);
    EXPECT_EQ(row.get<std::string>(2), "täxt");
    EXPECT_EQ(row.get<std::string>(3), std::string("a\0b", 3));
    EXPECT_EQ(row.get<Blob>(4), bytes);
    EXPECT_TRUE(row[5].is_null());
    EXPECT_TRUE(row.get<bool>(6));
}

TEST(SqliteValues, EmptyTextAndEmptyBlobsAreNotNull) {
    const Row row = row_of("SELECT ?, ?, typeof(?2)", Parameters("", std::span<const std::byte>()));
    EXPECT_EQ(row.get<std::string>(0), "");
    EXPECT_EQ(row.get<Blob>(1), Blob());
    EXPECT_EQ(row.get<std::string>(2), "blob");
}

TEST(SqliteValues, NullIsAnEmptyOptional) {
    const Row row = row_of("SELECT ?, ?", Parameters(std::optional<int>(), std::optional<int>(7)));
    EXPECT_EQ(row.get<std::optional<int>>(0), std::nullopt);
    EXPECT_EQ(row.get<std::optional<int>>(1), 7);
    EXPECT_EQ(message_of<hocket::sqlite::DataError>([&] { static_cast<void>(row.get<int>(0)); }),
              "column '?': the value is null, not integer");
}

TEST(SqliteValues, IntegersThatDoNotFitAreRefused) {
    const Row row = row_of("SELECT 300 AS n, -1 AS m, 9007199254740993 AS big");
    EXPECT_THROW(static_cast<void>(row.get<std::uint8_t>("n")), hocket::sqlite::DataError);
    EXPECT_THROW(static_cast<void>(row.get<unsigned>("m")), hocket::sqlite::DataError);
    EXPECT_THROW(static_cast<void>(row.get<bool>("m")), hocket::sqlite::DataError);
    EXPECT_THROW(static_cast<void>(row.get<double>("big")), hocket::sqlite::DataError);
    EXPECT_EQ(row.get<std::int16_t>("n"), 300);
    EXPECT_EQ(row.get<double>("n"), 300.0);
    EXPECT_THROW(static_cast<void>(Value(std::numeric_limits<std::uint64_t>::max())),
                 hocket::sqlite::DataError);
}

TEST(SqliteValues, NothingElseConverts) {
    const Row row = row_of("SELECT '1' AS text, 1.0 AS real");
    EXPECT_THROW(static_cast<void>(row.get<int>("text")), hocket::sqlite::DataError);
    EXPECT_THROW(static_cast<void>(row.get<int>("real")), hocket::sqlite::DataError);
    EXPECT_THROW(static_cast<void>(row.get<Blob>("text")), hocket::sqlite::DataError);
    EXPECT_THROW(static_cast<void>(row.get<std::string>("real")), hocket::sqlite::DataError);
}

TEST(SqliteValues, ColumnsAreFoundByIndexAndName) {
    const Row row = row_of("SELECT 1 AS Id, 'x' AS name");
    EXPECT_EQ(row.keys(), (std::vector<std::string>{"Id", "name"}));
    EXPECT_EQ(row.get<int>("id"), 1);
    EXPECT_EQ(row["NAME"], Value("x"));
    const auto [id, name] = row.as<int, std::string>();
    EXPECT_EQ(id, 1);
    EXPECT_EQ(name, "x");
    EXPECT_EQ(message_of<hocket::ValueError>([&] { static_cast<void>(row["size"]); }),
              "there is no column 'size': the row has Id, name");
    EXPECT_EQ(message_of<hocket::ValueError>([&] { static_cast<void>(row[2]); }),
              "there is no column 2: the row has 2");
}

TEST(SqliteValues, ParametersMayHaveNames) {
    const Row row = row_of("SELECT :a - @b + $c - :a",
                           Parameters(named("b", 1), named("a", 10), named("c", 100)));
    EXPECT_EQ(row.get<int>(0), 99);
}

TEST(SqliteValues, ParametersThatDoNotFitTheStatementAreRefused) {
    const auto fails = [](const std::string& sql, Parameters parameters) {
        return message_of<hocket::sqlite::ProgrammingError>(
            [&] { row_of(sql, std::move(parameters)); });
    };
    EXPECT_EQ(fails("SELECT ?, ?", Parameters(1)),
              "the statement has 2 parameters, but 1 were given in: SELECT ?, ?");
    EXPECT_EQ(fails("SELECT 1", Parameters(1)),
              "the statement has 0 parameters, but 1 were given in: SELECT 1");
    EXPECT_EQ(fails("SELECT :a", Parameters(named("b", 1))),
              "no value was given for parameter ':a' in: SELECT :a");
    EXPECT_EQ(fails("SELECT ?", Parameters(named("b", 1))),
              "no value was given for parameter 1, which has no name in: SELECT ?");
    EXPECT_EQ(fails("SELECT :a", Parameters(named("a", 1), named("b", 1))),
              "the statement has no parameter with the name 'b' in: SELECT :a");
    Parameters mixed(1);
    EXPECT_THROW(mixed.add(named("a", 1)), hocket::sqlite::ProgrammingError);
    Parameters other_way(named("a", 1));
    EXPECT_THROW(other_way.add(Value(1)), hocket::sqlite::ProgrammingError);
}

TEST(SqliteValues, ParametersNeverBecomeSql) {
    const std::string attack = "'; DROP TABLE t; --";
    auto program = [&]() -> Coro<> {
        const auto database = co_await connect(":memory:");
        co_await database.execute("CREATE TABLE t (x)");
        co_await database.execute("INSERT INTO t VALUES (?)", attack);
        const auto row =
            co_await database.fetchone("SELECT x FROM t WHERE x = :x", named("x", attack));
        EXPECT_EQ(row.value().get<std::string>(0), attack);
    };
    hocket::run(program);
}
