#include <algorithm>
#include <cstddef>
#include <future>
#include <thread>
#include <vector>

#include <asio.hpp>

#include "../../measure.hpp"

namespace {

constexpr std::size_t tasks = 1'000'000;

const std::size_t cores = std::max(2U, std::thread::hardware_concurrency());

std::future<void> submit(asio::thread_pool& pool) {
    return asio::post(pool, std::packaged_task<void()>([] {}));
}

void empty_tasks() {
    bench::Best best("post", tasks, 4, bench::Clock::wall);
    while (best.next()) {
        asio::thread_pool pool(cores);
        for (std::size_t i = 0; i < tasks; ++i) asio::post(pool, [] {});
        pool.join();
    }
}

void held_futures() {
    asio::thread_pool pool(cores);
    std::vector<std::future<void>> futures(tasks);
    bench::Best best("submit", tasks, 4, bench::Clock::wall);
    while (best.next()) {
        for (auto& future : futures) future = submit(pool);
        for (auto& future : futures) future.get();
    }
}

void one_in_flight() {
    constexpr std::size_t rounds = 1'000; // short, to fit between time slices of other processes
    asio::thread_pool pool(1);
    bench::Best best("one_parked", rounds, 60, bench::Clock::wall);
    while (best.next()) {
        for (std::size_t i = 0; i < rounds; ++i) submit(pool).get();
    }
}

} // namespace

int main() {
    empty_tasks();
    held_futures();
    one_in_flight();
}
