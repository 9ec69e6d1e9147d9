#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/status_layout.hpp"
#include "engine/status_reading.hpp"

namespace hocket::tool {

/// What a loop did in an interval.
struct LoopView {
    std::uint64_t slot = 0;
    std::string name;         ///< "loop 0" if it has none
    std::uint32_t thread = 0; ///< 0: it does not run
    double busy = 0;          ///< the part of the interval, from 0 to 1
    double steps_a_second = 0;
    double ready = 0; ///< the mean length of the ready queue
    std::uint64_t tasks = 0;
    std::uint64_t turns = 0; ///< since the loop was created
    double lag_p50 = 0;      ///< seconds, like the following
    double lag_p99 = 0;
    double lag_max = 0;
    double blocked = 0; ///< how long its present turn has taken, if that is long
};

/// What a pool did in an interval.
struct PoolView {
    std::uint64_t slot = 0;
    std::string name;
    std::string kind; ///< "threads" or "processes"
    std::uint64_t workers = 0;
    std::uint64_t max_workers = 0;
    std::uint64_t busy = 0;
    std::uint64_t queued = 0;
    double completed_a_second = 0;
    std::uint64_t died = 0;
    double wait_p50 = 0; ///< seconds
    double wait_p99 = 0;
};

/// Compares a process's counters with those of the look before. The first look shows everything
/// since the loop or pool was created.
class Interval {
public:
    explicit Interval(const engine::StatusPage& page) noexcept : page_(page) {}

    void look();
    [[nodiscard]] const std::vector<LoopView>& loops() const noexcept { return loops_; }
    [[nodiscard]] const std::vector<PoolView>& pools() const noexcept { return pools_; }

private:
    struct LoopBefore {
        std::uint64_t opened_at = 0;
        std::uint64_t time = 0;
        std::uint64_t asleep = 0;
        std::uint64_t steps = 0;
        std::uint64_t turns = 0;
        engine::HistogramCounts lag;
    };
    struct PoolBefore {
        std::uint64_t opened_at = 0;
        std::uint64_t time = 0;
        std::uint64_t completed = 0;
        engine::HistogramCounts wait;
    };

    void look_at_loop(std::uint64_t slot, const engine::LoopStatus& loop);
    void look_at_pool(std::uint64_t slot, const engine::PoolStatus& pool);
    [[nodiscard]] double seconds(std::uint64_t ticks) const noexcept;

    const engine::StatusPage& page_;
    double tick_ = 1e-9; // seconds
    std::map<std::uint64_t, LoopBefore> loops_before_;
    std::map<std::uint64_t, PoolBefore> pools_before_;
    std::vector<LoopView> loops_;
    std::vector<PoolView> pools_;
};

} // namespace hocket::tool
