#include <hocket/hocket.hpp>

#include <memory>
#include <vector>

#include "../measure.hpp"

namespace {

long left = 0;

hocket::Coro<> worker() {
    auto& loop = hocket::get_running_loop();
    while (left > 0) {
        --left;
        co_await loop.run_in_executor(nullptr, [] { bench::keep(left); });
    }
}

hocket::Coro<> hops(const char* name, int in_flight, long rounds) {
    bench::Best best(name, static_cast<std::size_t>(rounds), 5, bench::Clock::wall);
    while (best.next()) {
        left = rounds;
        std::vector<hocket::Task<>> workers;
        for (int i = 0; i < in_flight; ++i) workers.push_back(hocket::create_task(worker()));
        for (auto& task : workers) co_await task;
    }
}

hocket::Coro<> parent() {
    // One thread, as for every peer: on one core, more threads only add context switches.
    hocket::get_running_loop().set_default_executor(
        std::make_shared<hocket::ThreadPoolExecutor>(1));
    co_await hops("thread_1", 1, 20'000);
    co_await hops("thread_64", 64, 200'000);
}

} // namespace

int main() { hocket::run(parent()); }
