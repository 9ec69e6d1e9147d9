#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <hocket/engine/timer.hpp>

#include "engine/status_layout.hpp"

namespace hocket::engine {

/// Converts ticks to time, for the process whose header this is.
class TickLength {
public:
    explicit TickLength(const StatusHeader& header) noexcept;

    [[nodiscard]] Nanoseconds duration(std::uint64_t ticks) const noexcept {
        return static_cast<Nanoseconds>(static_cast<double>(ticks) * nanoseconds_);
    }
    [[nodiscard]] double nanoseconds() const noexcept { return nanoseconds_; }

private:
    double nanoseconds_ = 1.0; // per tick
};

/// A copy of a histogram's counts, taken while it is written.
class HistogramCounts {
public:
    HistogramCounts() noexcept = default;
    explicit HistogramCounts(const TickHistogram& histogram) noexcept;

    /// What was recorded after `earlier` was copied.
    [[nodiscard]] HistogramCounts since(const HistogramCounts& earlier) const noexcept;
    [[nodiscard]] std::uint64_t total() const noexcept;
    /// The duration in ticks below which the part `q` of all lies: the middle of its bucket.
    [[nodiscard]] std::uint64_t quantile(double q) const noexcept;
    /// The upper end of the last bucket in use, in ticks.
    [[nodiscard]] std::uint64_t max() const noexcept;

private:
    std::array<std::uint64_t, TickHistogram::size> counts_{};
};

/// The name in a slot; it may be changed while it is read.
template <class Slot> [[nodiscard]] std::string status_name(const Slot& slot) {
    std::string name;
    for (const auto& character : slot.name) {
        const char c = character.load(std::memory_order_relaxed);
        if (c == '\0') {
            break;
        }
        name += c;
    }
    return name;
}

/// What a pool has to do.
struct PoolWork {
    std::uint64_t submitted = 0;
    std::uint64_t completed = 0;
    std::uint64_t queued = 0;
    std::uint64_t busy = 0; ///< workers that run something
};
[[nodiscard]] PoolWork work_of(const PoolStatus& pool) noexcept;

/// How long a loop has slept, in ticks, including a sleep that goes on at `now`.
[[nodiscard]] std::uint64_t ticks_asleep(const LoopStatus& loop, std::uint64_t now) noexcept;

} // namespace hocket::engine
