// The first program of every asyncio tutorial.
//
//     $ hello
//     hello
//     world            (a second later)

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

hocket::Coro<> hello() {
    std::puts("hello");
    co_await hocket::sleep(1s);
    std::puts("world");
}

int main() { hocket::run(hello()); }
