#include <hocket/hocket.hpp>

#include <chrono>
#include <thread>
#include <vector>

#include "../measure.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::size_t alive = 1'000'000;

std::size_t fired = 0;

void insert_cancel(hocket::EventLoop& loop) {
    bench::Random random;
    std::vector<hocket::Handle> handles(alive);
    bench::Best best("timer_cancel", alive, 3);
    while (best.next()) {
        for (auto& handle : handles) {
            handle = loop.call_later(1h + std::chrono::milliseconds(random.below(3'600'000)),
                                     [] { ++fired; });
        }
        for (auto& handle : handles) handle.cancel();
    }
}

hocket::Coro<> insert_expire(hocket::EventLoop& loop) {
    bench::Random random;
    bench::Best best("timer_expire", alive, 3);
    while (best.next()) {
        const std::size_t all = fired + alive;
        for (std::size_t i = 0; i < alive; ++i) {
            loop.call_later(std::chrono::milliseconds(random.below(1000)), [] { ++fired; });
        }
        // All are alive at once, and all are due when the loop runs. This measures the timers and
        // not the polling.
        std::this_thread::sleep_for(1100ms);
        while (fired < all) co_await hocket::sleep(0s);
    }
}

hocket::Coro<> parent() {
    auto& loop = hocket::get_running_loop();
    insert_cancel(loop);
    co_await insert_expire(loop);
}

} // namespace

int main() { hocket::run(parent()); }
