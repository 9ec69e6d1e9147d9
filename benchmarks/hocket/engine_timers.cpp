// Measures the engine's timers alone. They are members of the waiting object, as in libuv; `sleep`
// and the timeouts are built on them.

#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "../measure.hpp"
#include "engine/reactor.hpp"

namespace {

using hocket::engine::Nanoseconds;

constexpr std::size_t alive = 1'000'000;
constexpr Nanoseconds millisecond = 1'000'000;
constexpr Nanoseconds hour = 3'600'000 * millisecond;

std::size_t fired = 0;

struct CountingTimer final : hocket::engine::Timer {
    void expire() noexcept override { ++fired; }
};

void insert_cancel(hocket::engine::Reactor& reactor, std::vector<CountingTimer>& timers) {
    bench::Random random;
    bench::Best best("timer_cancel", alive, 3);
    while (best.next()) {
        const Nanoseconds now = reactor.now(); // once, as libuv reads its clock once in each turn
        for (auto& timer : timers) {
            reactor.timers().arm(timer, now + hour + random.below(3'600'000) * millisecond);
        }
        for (auto& timer : timers) reactor.timers().cancel(timer);
    }
}

void insert_expire(hocket::engine::Reactor& reactor, std::vector<CountingTimer>& timers) {
    bench::Random random;
    bench::Best best("timer_expire", alive, 3);
    while (best.next()) {
        const Nanoseconds now = reactor.now();
        for (auto& timer : timers) {
            reactor.timers().arm(timer, now + random.below(1000) * millisecond);
        }
        // All are alive at once, and all are due when the loop runs. This measures the timers and
        // not the polling.
        std::this_thread::sleep_for(std::chrono::seconds(1));
        while (!reactor.timers().empty()) {
            reactor.poll(true);
            reactor.run_ready();
        }
    }
}

} // namespace

int main() {
    hocket::engine::Reactor reactor;
    std::vector<CountingTimer> timers(alive);
    insert_cancel(reactor, timers);
    insert_expire(reactor, timers);
    bench::keep(fired);
}
