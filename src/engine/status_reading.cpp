#include "engine/status_reading.hpp"

#include <algorithm>
#include <cstddef>

#include "engine/ticks.hpp"

namespace hocket::engine {

// The header's two times may be the same, if the loops have not slept yet. This process's clocks
// count on from the first of them, because all processes of a machine share them.
TickLength::TickLength(const StatusHeader& header) noexcept {
    const std::uint64_t ticks_passed = ticks() - header.first_ticks;
    const std::uint64_t time_passed = ticks_of_the_clock() - header.first_time;
    if (ticks_passed != 0) {
        nanoseconds_ = static_cast<double>(time_passed) / static_cast<double>(ticks_passed);
    }
}

HistogramCounts::HistogramCounts(const TickHistogram& histogram) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        counts_[i] = histogram.counts[i].load(std::memory_order_relaxed);
    }
}

HistogramCounts HistogramCounts::since(const HistogramCounts& earlier) const noexcept {
    HistogramCounts difference;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        difference.counts_[i] = counts_[i] - earlier.counts_[i];
    }
    return difference;
}

std::uint64_t HistogramCounts::total() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) {
        sum += count;
    }
    return sum;
}

std::uint64_t HistogramCounts::quantile(double q) const noexcept {
    const double wanted = q * static_cast<double>(total());
    double seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += static_cast<double>(counts_[i]);
        if (counts_[i] != 0 && seen >= wanted) {
            return (TickHistogram::least_of(i) + TickHistogram::least_of(i + 1)) / 2;
        }
    }
    return 0;
}

std::uint64_t HistogramCounts::max() const noexcept {
    for (std::size_t i = counts_.size(); i-- > 0;) {
        if (counts_[i] != 0) {
            return TickHistogram::least_of(i + 1);
        }
    }
    return 0;
}

PoolWork work_of(const PoolStatus& pool) noexcept {
    const auto read = [](const Counter& counter) {
        return counter.load(std::memory_order_relaxed);
    };
    PoolWork work;
    if (pool.kind.load(std::memory_order_relaxed) == PoolStatus::processes) {
        work.completed = read(pool.completed);
        work.busy = read(pool.busy);
        work.queued = read(pool.queued);
        work.submitted = read(pool.submitted);
        return work;
    }
    // In this order, so that no difference is negative.
    std::uint64_t started = 0;
    for (const WorkerStatus& worker : pool.each) {
        work.completed += read(worker.completed);
    }
    for (const WorkerStatus& worker : pool.each) {
        started += read(worker.started);
    }
    work.submitted = read(pool.submitted);
    work.busy = std::min(started - work.completed, read(pool.workers));
    work.queued = work.submitted > started ? work.submitted - started : 0;
    return work;
}

std::uint64_t ticks_asleep(const LoopStatus& loop, std::uint64_t now) noexcept {
    const std::uint64_t since = loop.asleep_since.load(std::memory_order_relaxed);
    const std::uint64_t before = loop.asleep.load(std::memory_order_relaxed);
    return since != 0 && now > since ? before + (now - since) : before;
}

} // namespace hocket::engine
