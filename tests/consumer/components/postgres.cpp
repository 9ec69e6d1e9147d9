#include <hocket/hocket.hpp>
#include <hocket/postgres.hpp>
#include <iostream>

// Prints 3 and 7 as the other programs do. No server listens at this address.
hocket::Coro<int> add(int a, int b) {
    try {
        auto db = co_await hocket::postgres::connect("host=127.0.0.1 port=1 user=nobody");
        co_return co_await db.fetchval<int>("SELECT $1::int + $2::int", a, b);
    } catch (const hocket::postgres::ConnectionLostError&) {
        co_return a + b;
    }
}

hocket::Coro<> program() {
    const auto [three, seven] = co_await hocket::gather(add(1, 2), add(3, 4));
    std::cout << three << ' ' << seven << '\n';
}

int main() { hocket::run(program()); }
