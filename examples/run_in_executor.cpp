// Work that keeps a processor busy goes to threads, and the loop goes on: the clock ticks while the
// primes are counted.
//
//     $ run_in_executor
//     tick
//     tick
//     …
//     there are 348513 primes below 5000000
//     the loop ticked all the while

#include <chrono>
#include <cstdio>
#include <hocket/hocket.hpp>
#include <vector>

using namespace std::chrono_literals;
using hocket::Coro;

int count_primes(int limit) {
    std::vector<bool> composite(static_cast<std::size_t>(limit));
    int count = 0;
    for (int i = 2; i < limit; ++i) {
        if (composite[i]) continue;
        ++count;
        for (long j = static_cast<long>(i) * i; j < limit; j += i) composite[j] = true;
    }
    return count;
}

Coro<> tick(int& ticks) {
    for (;;) {
        co_await hocket::sleep(5ms);
        if (++ticks <= 3) std::puts("tick");
    }
}

Coro<> show() {
    int ticks = 0;
    auto ticking = hocket::create_task(tick(ticks));

    auto& loop = hocket::get_running_loop();
    const int primes = co_await loop.run_in_executor(nullptr, count_primes, 5'000'000);
    ticking.cancel();

    std::printf("there are %d primes below 5000000\n", primes);
    std::puts(ticks > 0 ? "the loop ticked all the while" : "the loop did not tick");
}

int main() { hocket::run(show()); }
