// Many short calls on all processors: map() hands each worker a chunk of them at a time, which
// divides the cost of crossing to another process among them. The progress is shown on stderr.
//
//     $ parallel_primes_map
//     there are 348513 primes below 5000000
//     the first block with less than 650 of them begins at 2720000

#include <algorithm>
#include <cstdio>
#include <hocket/process_pool_executor.hpp>
#include <optional>
#include <ranges>
#include <string>

constexpr int block_size = 10'000;
constexpr int blocks = 500;

bool is_prime(int number) {
    if (number % 2 == 0) return number == 2;
    for (int divisor = 3; divisor <= number / divisor; divisor += 2)
        if (number % divisor == 0) return false;
    return number > 1;
}

int count_primes_in_block(int block) {
    int count = 0;
    for (int i = 0; i < block_size; ++i)
        if (is_prime(block * block_size + i)) ++count;
    return count;
}

void show_progress(std::size_t done, std::optional<std::size_t> total) {
    constexpr std::size_t width = 40;
    const std::size_t filled = done * width / total.value_or(done);
    const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
    std::fprintf(stderr, "\r[%s] %zu of %zu%s", bar.c_str(), done, total.value_or(done),
                 done == total ? "\n" : "");
}

int main() {
    hocket::ProcessPoolExecutor pool;
    int primes = 0;
    int block = 0;
    std::optional<int> first_sparse;
    // The results come in the order of the blocks, whichever worker is through first.
    for (const int count : pool.map(count_primes_in_block, std::views::iota(0, blocks),
                                    {.chunksize = 10, .progress = show_progress})) {
        primes += count;
        if (count < 650 && !first_sparse) first_sparse = block;
        ++block;
    }
    std::printf("there are %d primes below %d\n", primes, blocks * block_size);
    std::printf("the first block with less than 650 of them begins at %d\n",
                first_sparse.value_or(blocks) * block_size);
}
