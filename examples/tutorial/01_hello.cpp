// A coroutine, and the loop that runs it.
//
//     $ 01_hello
//     hello
//     world

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

hocket::Coro<> hello() {
    std::puts("hello");
    co_await hocket::sleep(100ms);
    std::puts("world");
}

int main() { hocket::run(hello()); }
