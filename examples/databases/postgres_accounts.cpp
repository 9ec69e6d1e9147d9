// Moves money between accounts in PostgreSQL: a transaction takes back what it did when it fails,
// and a listener hears of each transfer that was committed.
//
//     $ postgres_accounts
//     Ada has 70, Bob has 80
//     refused: Bob has too little
//     heard of a transfer of 30
//     Ada has 70, Bob has 80
//
// Its argument is the server's DSN; without one, libpq's defaults apply.

#include <cstdio>
#include <exception>
#include <hocket/hocket.hpp>
#include <hocket/postgres.hpp>
#include <string>

namespace postgres = hocket::postgres;
using hocket::Coro;

const char* const schema = R"(
    CREATE TEMP TABLE accounts (name text PRIMARY KEY, balance int CHECK (balance >= 0));
    INSERT INTO accounts VALUES ('Ada', 100), ('Bob', 50);
)";

Coro<> transfer(postgres::Connection& db, std::string from, std::string to, int amount) {
    auto body = [&]() -> Coro<> {
        co_await db.execute("UPDATE accounts SET balance = balance + $2 WHERE name = $1", to,
                            amount);
        co_await db.execute("SELECT pg_notify('transfers', $1)", std::to_string(amount));
        co_await db.execute("UPDATE accounts SET balance = balance - $2 WHERE name = $1", from,
                            amount);
    };
    co_await db.transaction(body); // all of it, or nothing
}

Coro<> print_balances(postgres::Connection& db) {
    std::string line;
    for (const auto row : co_await db.fetch("SELECT name, balance FROM accounts ORDER BY name")) {
        const auto [name, balance] = row.as<std::string, int>();
        line += (line.empty() ? "" : ", ") + name + " has " + std::to_string(balance);
    }
    std::puts(line.c_str());
}

Coro<> amain(std::string dsn) {
    auto db = co_await postgres::connect(dsn);
    co_await db.execute(schema);
    auto transfers = co_await db.listen("transfers");

    co_await transfer(db, "Ada", "Bob", 30);
    co_await print_balances(db);
    bool is_refused = false;
    try {
        co_await transfer(db, "Bob", "Ada", 1000);
    } catch (const postgres::CheckViolationError&) {
        is_refused = true;
    }
    if (is_refused) {
        std::puts("refused: Bob has too little");
    }
    const auto heard = co_await transfers.next();
    std::printf("heard of a transfer of %s\n", heard->payload.c_str());
    co_await print_balances(db);
}

int main(int count, char** arguments) {
    try {
        hocket::run(amain(count > 1 ? arguments[1] : ""));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
