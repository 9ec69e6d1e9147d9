#include "interval.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "engine/ticks.hpp"
#include "format.hpp"

namespace hocket::tool {

namespace {

/// A turn that has taken longer than this is shown as blocking its loop.
constexpr double long_turn = 0.05;

std::uint64_t read(const engine::Counter& counter) noexcept {
    return counter.load(std::memory_order_relaxed);
}

std::string name_or(const std::string& name, const char* kind, std::uint64_t slot) {
    return name.empty() ? fmt::format("{} {}", kind, slot) : printable(name);
}

} // namespace

double Interval::seconds(std::uint64_t ticks) const noexcept {
    return static_cast<double>(ticks) * tick_;
}

void Interval::look() {
    tick_ = engine::TickLength(page_.header).nanoseconds() / 1e9;
    loops_.clear();
    pools_.clear();
    for (std::size_t slot = 0; slot < page_.loops.size(); ++slot) {
        if (page_.loops[slot].is_open.load(std::memory_order_acquire) == 1) {
            look_at_loop(slot, page_.loops[slot]);
        }
    }
    for (std::size_t slot = 0; slot < page_.pools.size(); ++slot) {
        if (page_.pools[slot].is_open.load(std::memory_order_acquire) == 1) {
            look_at_pool(slot, page_.pools[slot]);
        }
    }
}

void Interval::look_at_loop(std::uint64_t slot, const engine::LoopStatus& loop) {
    LoopBefore& before = loops_before_[slot];
    if (const std::uint64_t opened_at = read(loop.opened_at); before.opened_at != opened_at) {
        before = LoopBefore{}; // another loop has this slot now
        before.opened_at = before.time = opened_at;
    }
    LoopView view;
    view.slot = slot;
    view.name = name_or(engine::status_name(loop), "loop", slot);
    view.thread = loop.thread.load(std::memory_order_relaxed);
    const bool is_asleep = read(loop.asleep_since) != 0;
    const std::uint64_t polled_at = read(loop.polled_at);
    LoopBefore now;
    now.opened_at = before.opened_at;
    now.time = engine::ticks();
    now.asleep = engine::ticks_asleep(loop, now.time);
    now.steps = read(loop.steps);
    now.turns = read(loop.turns);
    now.lag = engine::HistogramCounts(loop.lag);
    const std::uint64_t ended = read(loop.tasks_ended);
    view.tasks = read(loop.tasks_started) - ended;
    view.turns = now.turns;

    const double length = std::max(seconds(now.time - before.time), 1e-9);
    if (view.thread != 0) {
        view.busy = std::clamp(1.0 - seconds(now.asleep - before.asleep) / length, 0.0, 1.0);
    }
    view.steps_a_second = static_cast<double>(now.steps - before.steps) / length;
    if (now.turns > before.turns) {
        view.ready = static_cast<double>(now.steps - before.steps) /
                     static_cast<double>(now.turns - before.turns);
    }
    const engine::HistogramCounts lag = now.lag.since(before.lag);
    view.lag_p50 = seconds(lag.quantile(0.5));
    view.lag_p99 = seconds(lag.quantile(0.99));
    view.lag_max = seconds(lag.max());
    // A loop that never asks the kernel, because it watches nothing, is busy but not blocked: its
    // turns go on.
    const bool stands_still = now.turns == before.turns || now.time - before.time == 0;
    if (view.thread != 0 && !is_asleep && stands_still && now.time > polled_at &&
        seconds(now.time - polled_at) > long_turn) {
        view.blocked = seconds(now.time - polled_at);
    }
    before = now;
    loops_.push_back(std::move(view));
}

void Interval::look_at_pool(std::uint64_t slot, const engine::PoolStatus& pool) {
    PoolBefore& before = pools_before_[slot];
    if (const std::uint64_t opened_at = read(pool.opened_at); before.opened_at != opened_at) {
        before = PoolBefore{};
        before.opened_at = before.time = opened_at;
    }
    PoolBefore now;
    now.opened_at = before.opened_at;
    now.time = engine::ticks();
    const engine::PoolWork work = engine::work_of(pool);
    now.completed = work.completed;
    now.wait = engine::HistogramCounts(pool.wait);
    PoolView view;
    view.slot = slot;
    view.name = name_or(engine::status_name(pool), "pool", slot);
    view.kind = pool.kind.load(std::memory_order_relaxed) == engine::PoolStatus::threads
                    ? "threads"
                    : "processes";
    view.workers = read(pool.workers);
    view.max_workers = read(pool.max_workers);
    view.busy = work.busy;
    view.queued = work.queued;
    view.died = read(pool.died);
    view.completed_a_second = static_cast<double>(now.completed - before.completed) /
                              std::max(seconds(now.time - before.time), 1e-9);
    const engine::HistogramCounts wait = now.wait.since(before.wait);
    view.wait_p50 = seconds(wait.quantile(0.5));
    view.wait_p99 = seconds(wait.quantile(0.99));
    before = now;
    pools_.push_back(std::move(view));
}

} // namespace hocket::tool
