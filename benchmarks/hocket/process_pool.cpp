#include <chrono>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/process_pool_executor.hpp>
#include <hocket/shared_array.hpp>

#include "../measure.hpp"

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

void nothing() {}

void calls() {
    constexpr std::size_t count = 20'000;
    hocket::ProcessPoolExecutor pool(2);
    std::vector<hocket::Future<>> futures(count);
    bench::Best best("calls", count, 10, bench::Clock::wall);
    while (best.next()) {
        for (auto& future : futures) future = pool.submit(nothing);
        for (const auto& future : futures) future.result();
    }
}

void one_in_flight(const char* name, std::chrono::nanoseconds spin) {
    constexpr std::size_t rounds = 1'000; // short, to fit between time slices of other processes
    hocket::ProcessPoolExecutor pool(1, {.spin = spin});
    bench::Best best(name, rounds, 60, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) pool.submit(nothing).result();
    }
}

void map(const char* name, int items, std::size_t chunksize) {
    hocket::ProcessPoolExecutor pool(2);
    bench::Best best(name, static_cast<std::size_t>(items), 10, bench::Clock::wall);
    while (best.next()) {
        long sum = 0;
        for (const int result : pool.map([](int x) { return x + 1; }, std::views::iota(0, items),
                                         {.chunksize = chunksize})) {
            sum += result;
        }
        bench::keep(sum);
    }
}

void argument(const char* name, std::size_t size, std::size_t rounds) {
    hocket::ProcessPoolExecutor pool(1);
    const std::string bytes(size, 'x');
    bench::Best best(name, rounds * size, 8, bench::Clock::wall, bench::in_gigabytes_a_second);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) {
            bench::keep(
                pool.submit([](std::string_view all) { return all.size(); }, bytes).result());
        }
    }
}

void shared_arrays() {
    constexpr std::size_t rounds = 200;
    hocket::ProcessPoolExecutor pool(1);
    const hocket::SharedArray<char> small(1024);
    const hocket::SharedArray<char> large(1024 * mebibyte);
    const auto pass = [&pool](const hocket::SharedArray<char>& array) {
        for (std::size_t i = 0; i < rounds; ++i) {
            bench::keep(pool.submit([](hocket::SharedArray<char> all) { return all.size(); }, array)
                            .result());
        }
    };
    bench::Fastest small_passed;
    bench::Fastest large_passed;
    for (int batch = 0; batch < 40; ++batch) {
        small_passed.time([&] { pass(small); });
        large_passed.time([&] { pass(large); });
    }
    small_passed.report("array_1k", rounds);
    large_passed.report("array_1g", rounds);
}

void first_result() {
    bench::Fastest first;
    for (int i = 0; i < 10; ++i) {
        std::optional<hocket::ProcessPoolExecutor> pool;
        first.time([&pool] {
            pool.emplace(2);
            pool->submit(nothing).result();
        });
    }
    // Reported twice, next to each of the two ways in which Python starts its workers.
    first.report("first_spawn", 1, bench::in_milliseconds);
    first.report("first_fork", 1, bench::in_milliseconds);
}

} // namespace

int main() {
    calls();
    one_in_flight("one_parked", {});
    one_in_flight("one_spinning", std::chrono::microseconds(50));
    map("map_1", 20'000, 1);
    map("map_100", 200'000, 100);
    argument("argument_1m", mebibyte, 50);
    argument("argument_100m", 100 * mebibyte, 2);
    shared_arrays();
    first_result();
}
