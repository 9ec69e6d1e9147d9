#include <hocket/loop_stats.hpp>

#include <hocket/event_loop.hpp>

#include "engine/status_reading.hpp"
#include "engine/ticks.hpp"
#include "loop/event_loop_state.hpp"

namespace hocket {

LoopStats EventLoop::stats() const {
    const engine::LoopStatus& status = state_->reactor.status();
    const engine::TickLength length(engine::status_page().header);
    const auto read = [](const engine::Counter& counter) {
        return counter.load(std::memory_order_relaxed);
    };
    const auto time = [&length](std::uint64_t ticks) {
        return std::chrono::nanoseconds(length.duration(ticks));
    };
    const engine::HistogramCounts lag(status.lag);
    const std::uint64_t ended = read(status.tasks_ended); // first, so that it is not too large
    const std::uint64_t now = engine::ticks();
    LoopStats stats;
    stats.name = name();
    stats.tasks = read(status.tasks_started) - ended;
    stats.turns = read(status.turns);
    stats.steps = read(status.steps);
    stats.polls = read(status.polls);
    stats.age = time(now - read(status.opened_at));
    stats.asleep = time(engine::ticks_asleep(status, now));
    stats.lag_p50 = time(lag.quantile(0.5));
    stats.lag_p99 = time(lag.quantile(0.99));
    stats.lag_max = time(read(status.longest));
    return stats;
}

} // namespace hocket
