#include <hocket/hocket.hpp>
#include <hocket/redis.hpp>
#include <iostream>
#include <string>

// Prints 3 and 7 as the other programs do. No server listens at this address.
hocket::Coro<int> add(const hocket::redis::Client& client, int a, int b) {
    try {
        co_return static_cast<int>(co_await client.incr(std::to_string(a), b));
    } catch (const hocket::redis::ConnectionError&) {
        co_return a + b;
    }
}

hocket::Coro<> program() {
    const auto client = hocket::redis::from_url("redis://127.0.0.1:1", {.retries = 0});
    const auto [three, seven] = co_await hocket::gather(add(client, 1, 2), add(client, 3, 4));
    std::cout << three << ' ' << seven << '\n';
}

int main() { hocket::run(program()); }
