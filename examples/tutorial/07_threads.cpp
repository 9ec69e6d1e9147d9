// Work that blocks or computes goes to threads, and the loop goes on. A future is the
// same whether a task awaits it or a thread blocks for it.
//
//     $ 07_threads
//     there are 9592 primes below 100000
//     168 primes below 1000
//     1229 primes below 10000
//     9592 primes below 100000

#include <cstdio>
#include <hocket/hocket.hpp>
#include <vector>

using hocket::Coro;

int count_primes(int limit) {
    int count = 0;
    for (int number = 2; number < limit; ++number) {
        bool prime = true;
        for (int divisor = 2; prime && divisor * divisor <= number; ++divisor)
            prime = number % divisor != 0;
        count += prime ? 1 : 0;
    }
    return count;
}

Coro<> in_a_task() {
    const int primes = co_await hocket::to_thread(count_primes, 100'000);
    std::printf("there are %d primes below 100000\n", primes);
}

void without_a_loop() {
    hocket::ThreadPoolExecutor pool(4);
    const std::vector<int> limits{1'000, 10'000, 100'000};
    auto limit = limits.begin();
    for (const int primes : pool.map(count_primes, limits)) // in the order of the input
        std::printf("%d primes below %d\n", primes, *limit++);
}

int main() {
    hocket::run(in_a_task());
    without_a_loop();
}
