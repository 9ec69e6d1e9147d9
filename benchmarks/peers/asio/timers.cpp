#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "../../measure.hpp"

namespace {

constexpr std::size_t alive = 1'000'000;

std::size_t fired = 0;

void insert_cancel(asio::io_context& io, std::vector<asio::steady_timer>& timers) {
    bench::Random random;
    bench::Best best("timer_cancel", alive, 3);
    while (best.next()) {
        for (auto& timer : timers) {
            timer.expires_after(std::chrono::hours(1) +
                                std::chrono::milliseconds(random.below(3'600'000)));
            timer.async_wait([](asio::error_code) { ++fired; });
        }
        for (auto& timer : timers) timer.cancel();
        io.run();
        io.restart();
    }
}

void insert_expire(asio::io_context& io, std::vector<asio::steady_timer>& timers) {
    bench::Random random;
    bench::Best best("timer_expire", alive, 3);
    while (best.next()) {
        const auto now = std::chrono::steady_clock::now();
        for (auto& timer : timers) {
            timer.expires_at(now + std::chrono::milliseconds(random.below(1000)));
            timer.async_wait([](asio::error_code) { ++fired; });
        }
        // All are alive at once, and all are due when the loop runs. This measures the timers and
        // not the polling.
        std::this_thread::sleep_until(now + std::chrono::seconds(1));
        io.run();
        io.restart();
    }
}

} // namespace

int main() {
    asio::io_context io(1);
    std::vector<asio::steady_timer> timers;
    timers.reserve(alive);
    for (std::size_t i = 0; i < alive; ++i) timers.emplace_back(io);
    insert_cancel(io, timers);
    insert_expire(io, timers);
    bench::keep(fired);
}
