// Three coroutines at once: gather() runs them side by side and hands back their results in order.
//
//     $ gather_factorials
//     A: factorial(2), currently i=2 …
//     B: factorial(3), currently i=2 …
//     C: factorial(4), currently i=2 …
//     A: factorial(2) = 2
//     B: factorial(3), currently i=3 …
//     C: factorial(4), currently i=3 …
//     B: factorial(3) = 6
//     C: factorial(4), currently i=4 …
//     C: factorial(4) = 24
//     2 6 24

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>

using namespace std::chrono_literals;
using hocket::Coro;

Coro<int> factorial(const char* name, int number) {
    int result = 1;
    for (int i = 2; i <= number; ++i) {
        std::printf("%s: factorial(%d), currently i=%d …\n", name, number, i);
        co_await hocket::sleep(100ms);
        result *= i;
    }
    std::printf("%s: factorial(%d) = %d\n", name, number, result);
    co_return result;
}

Coro<> compute() {
    const auto [a, b, c] =
        co_await hocket::gather(factorial("A", 2), factorial("B", 3), factorial("C", 4));
    std::printf("%d %d %d\n", a, b, c);
}

int main() { hocket::run(compute()); }
