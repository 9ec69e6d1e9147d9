#include "threads/pool_stats.hpp"

#include "engine/status.hpp"
#include "engine/status_reading.hpp"

namespace hocket::detail {

PoolStats stats_of(const engine::PoolStatus& status) noexcept {
    const engine::PoolWork work = engine::work_of(status);
    const engine::TickLength length(engine::status_page().header);
    const engine::HistogramCounts wait(status.wait);
    PoolStats stats;
    stats.max_workers = status.max_workers.load(std::memory_order_relaxed);
    stats.workers = status.workers.load(std::memory_order_relaxed);
    stats.busy = work.busy;
    stats.queued = work.queued;
    stats.submitted = work.submitted;
    stats.completed = work.completed;
    stats.died = status.died.load(std::memory_order_relaxed);
    stats.wait_p50 = std::chrono::nanoseconds(length.duration(wait.quantile(0.5)));
    stats.wait_p99 = std::chrono::nanoseconds(length.duration(wait.quantile(0.99)));
    return stats;
}

} // namespace hocket::detail
