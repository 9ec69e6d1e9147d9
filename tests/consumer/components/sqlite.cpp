#include <hocket/hocket.hpp>
#include <hocket/sqlite.hpp>
#include <iostream>

hocket::Coro<> program() {
    const auto database = co_await hocket::sqlite::connect(":memory:");
    const auto row = co_await database.fetchone("SELECT ? + ?, ? + ?", 1, 2, 3, 4);
    std::cout << row.value().get<int>(0) << ' ' << row.value().get<int>(1) << '\n';
}

int main() { hocket::run(program()); }
