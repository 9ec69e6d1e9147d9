// Python's `with Pool() as pool: pool.map(square, range(…))`, with a bar that shows how far it is.
// The workers are this program, started again: `square` needs no registration, and nothing forks.
//
//     $ process_pool_squares
//     [########################################] 2000 of 2000
//     1² + 2² + … + 2000² = 2668667000, and this process squared none of them

#include <algorithm>
#include <cstdio>
#include <hocket/pool.hpp>
#include <ranges>
#include <string>
#include <unistd.h>
#include <vector>

struct Square {
    long value = 0;
    int process = 0;
    MSGPACK_DEFINE(value, process)
};

Square square(long x) { return {x * x, ::getpid()}; }

void show_progress(std::size_t done, std::size_t total) {
    const std::size_t width = 40;
    const std::string bar(width * done / total, '#');
    std::printf("\r[%-40s] %zu of %zu", bar.c_str(), done, total);
    std::fflush(stdout);
}

int main() {
    hocket::Pool pool;
    const auto squares = pool.map(square, std::views::iota(1L, 2001L), 0, show_progress);

    long sum = 0;
    for (const Square& each : squares) sum += each.value;
    const auto own = std::ranges::count(squares, ::getpid(), &Square::process);
    std::printf("\n1² + 2² + … + 2000² = %ld, and this process squared %s of them\n", sum,
                own == 0 ? "none" : "some");
}
