// The functions of this program on a Ray cluster: map() as on a pool of processes, with the
// progress on stderr. Without an address, a cluster is started on this machine. The interpreter is
// the one in which Ray is installed.
//
//     $ primes_on_ray /opt/ray/bin/python 10.0.0.1:6379
//     there are 348513 primes below 5000000

#include <cstdio>
#include <exception>
#include <hocket/ray_executor.hpp>
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

int main(int argc, char** argv) try {
    hocket::RayExecutor ray({
        .address = argc > 2 ? argv[2] : "",
        .python = argc > 1 ? argv[1] : "python3",
    });
    for (const hocket::ClusterNode& node : ray.nodes().result())
        std::fprintf(stderr, "%s has room for %zu workers\n", node.name.c_str(), node.slots);
    int primes = 0;
    for (const int count : ray.map(count_primes_in_block, std::views::iota(0, blocks),
                                   {.chunksize = 10, .progress = show_progress}))
        primes += count;
    std::printf("there are %d primes below %d\n", primes, blocks * block_size);
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
