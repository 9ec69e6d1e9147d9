// What looking inside costs: the counters of a loop, in its fastest turns, and lists of its tasks.

#include <hocket/hocket.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "../measure.hpp"
#include "engine/reactor.hpp"
#include "loop/event_loop_state.hpp"
#include "observe/task_list.hpp"

namespace {

using namespace std::chrono_literals;
using hocket::engine::Reactor;
using hocket::engine::ReadyQueue;

hocket::Coro<> yield(const bool& goes_on) {
    while (goes_on) co_await hocket::sleep(0s);
}

/// A thousand tasks that yield: in turns that count them, and in turns that do not. One after the
/// other, so that a slowdown of the machine affects both.
hocket::Coro<> measure_yields() {
    constexpr int tasks = 1000;
    constexpr int turns = 2000;
    bool goes_on = true;
    std::vector<hocket::Task<>> yielding;
    for (int i = 0; i < tasks; ++i) yielding.push_back(hocket::create_task(yield(goes_on)));
    co_await hocket::sleep(0s);
    Reactor& reactor = hocket::get_running_loop().state().reactor;
    bench::Fastest counted;
    bench::Fastest uncounted;
    for (int round = 0; round < 40; ++round) {
        counted.time([&] {
            for (int turn = 0; turn < turns; ++turn) reactor.run_ready();
        });
        uncounted.time([&] {
            for (int turn = 0; turn < turns; ++turn) {
                ReadyQueue batch = reactor.ready().take_all();
                while (!batch.empty()) batch.pop().run();
            }
        });
    }
    counted.report("yield, counted", std::size_t{tasks} * turns);
    uncounted.report("yield, not counted", std::size_t{tasks} * turns);
    goes_on = false;
    for (auto& task : yielding) co_await task;
}

hocket::Coro<> nap() { co_await hocket::sleep(1h); }

/// The longest time between two steps of a task that always yields, while `is_over` is false.
hocket::Coro<double> longest_hold(const std::atomic<bool>& is_over) {
    double longest = 0;
    double before = bench::nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    while (!is_over) {
        co_await hocket::sleep(0s);
        const double now = bench::nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        longest = std::max(longest, now - before);
        before = now;
    }
    co_return longest;
}

/// How long a list of 100,000 tasks holds the loop at once, at most.
hocket::Coro<> measure_lists() {
    std::vector<hocket::Task<>> naps;
    for (int i = 0; i < 100'000; ++i) naps.push_back(hocket::create_task(nap()));
    co_await hocket::sleep(0s);
    std::atomic<bool> is_over{false};
    hocket::EventLoop& loop = hocket::get_running_loop();
    std::thread asking([&] {
        for (int i = 0; i < 10; ++i) {
            auto list = std::make_shared<hocket::observer::TaskList>(loop.state());
            list->request();
            const auto tasks = list->wait(10s);
            if (!tasks || tasks->list.size() < naps.size()) std::abort();
        }
        is_over = true;
    });
    const double longest = co_await longest_hold(is_over);
    asking.join();
    bench::print("longest hold", longest / 1e3, "us");
}

} // namespace

int main(int argc, char** argv) {
    const bool lists = argc > 1 && std::string_view(argv[1]) == "lists";
    hocket::run(lists ? measure_lists() : measure_yields());
}
