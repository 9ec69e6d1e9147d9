// A transaction over two accounts: either both change, or none.
//
//     $ sqlite_accounts
//     Ada has 70, Bob has 80
//     refused: CHECK constraint failed: balance >= 0
//     Ada has 70, Bob has 80

#include <string>

#include <fmt/core.h>

#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>

namespace sqlite = hocket::sqlite;

hocket::Coro<> transfer(const sqlite::Connection& bank, std::string from, std::string to, int sum) {
    auto body = [&](sqlite::Transaction& transaction) -> hocket::Coro<> {
        co_await transaction.execute("UPDATE account SET balance = balance + ? WHERE owner = ?",
                                     sum, to);
        co_await transaction.execute("UPDATE account SET balance = balance - ? WHERE owner = ?",
                                     sum, from);
    };
    co_await bank.transaction(body);
}

hocket::Coro<int> balance_of(const sqlite::Connection& bank, std::string owner) {
    const auto row = co_await bank.fetchone("SELECT balance FROM account WHERE owner = :owner",
                                            sqlite::named("owner", owner));
    co_return row.value().get<int>("balance");
}

hocket::Coro<> print_balances(const sqlite::Connection& bank) {
    // Both are read at the same time, that is, without a wait for the first one.
    const auto [ada, bob] =
        co_await hocket::gather(balance_of(bank, "Ada"), balance_of(bank, "Bob"));
    fmt::print("Ada has {}, Bob has {}\n", ada, bob);
}

hocket::Coro<> program() {
    const auto bank = co_await sqlite::connect(":memory:");
    co_await bank.executescript(
        "CREATE TABLE account (owner TEXT PRIMARY KEY, balance INTEGER CHECK (balance >= 0));"
        "INSERT INTO account VALUES ('Ada', 100), ('Bob', 50)");
    co_await transfer(bank, "Ada", "Bob", 30);
    co_await print_balances(bank);
    try {
        co_await transfer(bank, "Ada", "Bob", 1000);
    } catch (const sqlite::IntegrityError& error) {
        const std::string text = error.what();
        fmt::print("refused: {}\n", text.substr(0, text.find(" (")));
    }
    co_await print_balances(bank);
}

int main() { hocket::run(program()); }
