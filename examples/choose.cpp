// Coroutines, threads or processes? This measures two functions and prints what fits each: one
// waits for something, and one computes. It takes up to five seconds for each.
//
//     $ choose
//     An item needs 26 µs of CPU time and waits 10.1 ms. …
//
//     model       workers  items/s  95 % interval      p99  CPU an item  memory  reason
//     sequential        1     99.2      99.2–99.3  14.4 ms      19 µs     9 MiB  one item after …
//     coroutines      128   12,373  12,361–12,384  10.2 ms      3.06 µs   9 MiB  waits overlap
//     …
//     Use coroutines with 128 workers: 124.75× sequential …

#include <algorithm>
#include <chrono>
#include <iostream>
#include <numeric>
#include <thread>
#include <vector>

#include <hocket/choose.hpp>
#include <hocket/sleep.hpp>

using namespace std::chrono_literals;

// Stands for a request to a server.
int fetch(int page) {
    std::this_thread::sleep_for(10ms);
    return page;
}

hocket::Coro<int> fetch_async(int page) {
    co_await hocket::sleep(10ms);
    co_return page;
}

// The number of steps until a number reaches 1 in the Collatz sequence, for many numbers.
int longest_sequence(int limit) {
    int longest = 0;
    for (long first = 1; first <= limit; ++first) {
        int steps = 0;
        for (long n = first; n != 1; n = n % 2 == 0 ? n / 2 : 3 * n + 1) ++steps;
        longest = std::max(longest, steps);
    }
    return longest;
}

int main() {
    std::vector<int> items(128);
    std::iota(items.begin(), items.end(), 20'000);

    std::cout << hocket::choose(items, fetch, fetch_async, {.budget = 5s}).text() << "\n\n";

    const hocket::Choice choice = hocket::choose(items, longest_sequence, {.budget = 5s});
    std::cout << choice.text();
    return choice.answer == hocket::ConcurrencyModel::none ? 1 : 0;
}
