#include <chrono>
#include <hocket/hocket.hpp>
#include <iostream>

using namespace std::chrono_literals;

hocket::Coro<int> slow_sum(int a, int b) {
    co_await hocket::sleep(100ms);
    co_return a + b;
}

hocket::Coro<> program() {
    auto [three, seven] = co_await hocket::gather(slow_sum(1, 2), slow_sum(3, 4));
    std::cout << three << ' ' << seven << '\n'; // after 100 ms, not 200
}

int main() { hocket::run(program()); }
