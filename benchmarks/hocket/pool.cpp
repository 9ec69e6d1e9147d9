#include <cstddef>
#include <thread>
#include <vector>

#include <hocket/fork_join.hpp>
#include <hocket/parallel.hpp>
#include <hocket/thread_pool_executor.hpp>

#include "../measure.hpp"

namespace {

constexpr std::size_t tasks = 1'000'000;
constexpr std::size_t floats = 1'000'000;

const std::size_t cores = std::max(2U, std::thread::hardware_concurrency());

void empty_tasks() {
    bench::Best best("post", tasks, 4, bench::Clock::wall);
    while (best.next()) {
        hocket::ThreadPoolExecutor pool(cores);
        for (std::size_t i = 0; i < tasks; ++i) pool.post([] {});
    }
}

void held_futures() {
    hocket::ThreadPoolExecutor pool(cores);
    std::vector<hocket::Future<>> futures(tasks);
    bench::Best best("submit", tasks, 4, bench::Clock::wall);
    while (best.next()) {
        for (auto& future : futures) future = pool.submit([] {});
        for (const auto& future : futures) future.result();
    }
}

void one_in_flight(const char* name, std::chrono::nanoseconds spin) {
    constexpr std::size_t rounds = 1'000; // short, to fit between time slices of other processes
    hocket::ThreadPoolExecutor pool(1, {.spin = spin});
    bench::Best best(name, rounds, 60, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) pool.submit([] {}).result();
    }
}

void loop(hocket::ThreadPoolExecutor& pool, const char* name, std::size_t size, std::size_t grain,
          int rounds) {
    std::vector<float> values(size, 1.0F);
    // Many short batches, to fit between the time slices of other processes.
    bench::Best best(name, static_cast<std::size_t>(rounds), 100, bench::Clock::wall);
    while (best.next()) {
        for (int i = 0; i < rounds; ++i) {
            hocket::parallel_for(
                pool, std::size_t{0}, size,
                [&values](std::size_t k) { values[k] = values[k] * 0.5F + 1.0F; }, grain);
        }
    }
    bench::keep(values);
}

long fib(int n) {
    if (n < 2) return n;
    hocket::Fork first([n] { return fib(n - 1); });
    const long second = fib(n - 2);
    return first.join() + second;
}

} // namespace

int main() {
    empty_tasks();
    held_futures();
    one_in_flight("one_parked", {});
    one_in_flight("one_spinning", std::chrono::microseconds(50));

    hocket::ThreadPoolExecutor pool(cores - 1); // this thread works, too, as in TBB
    loop(pool, "for_default", floats, 0, 5);
    loop(pool, "for_grain_1", floats, 1, 1);
    loop(pool, "for_two", 2, 0, 1'000);
    bench::Best best("fib_34", 1, 3, bench::Clock::wall);
    while (best.next()) hocket::fork_join(pool, [] { bench::keep(fib(34)); });
}
