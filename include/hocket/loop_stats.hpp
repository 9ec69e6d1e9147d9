#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace hocket {

/// What an event loop has done since it was created: EventLoop::stats. The counters are always on;
/// `hocket top` shows the same numbers.
struct LoopStats {
    std::string name;
    std::size_t tasks = 0;             ///< that are not done
    std::uint64_t turns = 0;           ///< completed turns
    std::uint64_t steps = 0;           ///< steps of tasks and callbacks, in completed turns
    std::uint64_t polls = 0;           ///< how often the kernel was asked for events
    std::chrono::nanoseconds age{};    ///< since the loop was created
    std::chrono::nanoseconds asleep{}; ///< of that, the time in which there was nothing to do
    /// How long the loop was busy between two times at which it asked the kernel for events. What
    /// became ready meanwhile had to wait for up to this long. Half of them were shorter than
    /// `lag_p50`, 99 % shorter than `lag_p99`; both to within an eighth.
    std::chrono::nanoseconds lag_p50{};
    std::chrono::nanoseconds lag_p99{};
    std::chrono::nanoseconds lag_max{};

    /// The part of its age that the loop was not asleep, from 0 to 1.
    [[nodiscard]] double busy() const noexcept {
        return age.count() == 0
                   ? 0.0
                   : 1.0 - static_cast<double>(asleep.count()) / static_cast<double>(age.count());
    }
};

} // namespace hocket
