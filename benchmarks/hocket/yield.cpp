#include <hocket/hocket.hpp>

#include <chrono>
#include <vector>

#include "../measure.hpp"

namespace {

using namespace std::chrono_literals;

constexpr int tasks = 1000;
constexpr int turns = 5000;

hocket::Coro<> worker() {
    for (int i = 0; i < turns; ++i) co_await hocket::sleep(0s);
}

hocket::Coro<> parent() {
    bench::Best best("yield", std::size_t{tasks} * turns);
    while (best.next()) {
        std::vector<hocket::Task<>> workers;
        for (int i = 0; i < tasks; ++i) workers.push_back(hocket::create_task(worker()));
        for (auto& task : workers) co_await task;
    }
}

} // namespace

int main() { hocket::run(parent()); }
