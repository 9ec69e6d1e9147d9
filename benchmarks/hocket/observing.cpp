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

/// Makes itself ready again, as a task that yields.
class Step final : public hocket::engine::Runnable {
public:
    explicit Step(ReadyQueue& ready) : ready_(ready) {}
    void run() noexcept override { ready_.push(*this); }

private:
    ReadyQueue& ready_;
};

/// A thousand steps a turn: what a turn costs is not seen, and what a step costs is.
void measure_steps() {
    constexpr int steps = 1000;
    constexpr int turns = 20'000;
    Reactor reactor;
    std::vector<std::unique_ptr<Step>> items;
    for (int i = 0; i < steps; ++i) {
        items.push_back(std::make_unique<Step>(reactor.ready()));
        reactor.ready().push(*items.back());
    }
    bench::Fastest counted;
    bench::Fastest uncounted;
    for (int round = 0; round < 12; ++round) { // in turns: a slowdown of the machine affects both
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
    counted.report("step, counted", std::size_t{steps} * turns);
    uncounted.report("step, not counted", std::size_t{steps} * turns);
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

/// How long the loop is held at once by somebody who asks for 100,000 tasks, again and again.
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
            if (!list->wait(10s) || list->tasks().size() < naps.size()) std::abort();
        }
        is_over = true;
    });
    const double longest = co_await longest_hold(is_over);
    asking.join();
    bench::print("longest hold", longest / 1e3, "us");
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "lists") {
        hocket::run(measure_lists());
    } else {
        measure_steps();
    }
}
