// The smallest useful program: see check_hello_size.py.

#include <chrono>
#include <cstdio>

#include <hocket/run.hpp>
#include <hocket/sleep.hpp>

namespace {

hocket::Coro<> hello() {
    co_await hocket::sleep(std::chrono::milliseconds(1));
    std::puts("hello");
}

} // namespace

int main() { hocket::run(hello()); }
