#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "observe/inspected_loop.hpp"

namespace hocket::observer {

/// Reports loops whose turn takes longer than their slow_callback_duration on stderr, with the task
/// and the stack: at most five reports a minute, then their number.
class StallWatch {
public:
    /// How often to look.
    static constexpr std::chrono::milliseconds interval{25};

    void look();

private:
    using Clock = std::chrono::steady_clock;

    struct Turn {
        std::uint64_t number = 0;
        Clock::time_point seen{}; // first
        bool is_reported = false;
    };

    void look_at(InspectedLoop& loop, Clock::time_point now);
    void report(InspectedLoop& loop, std::chrono::duration<double> blocked);
    [[nodiscard]] bool may_report(Clock::time_point now);

    std::unordered_map<InspectedLoop*, Turn> turns_;
    Clock::time_point minute_began_{};
    std::size_t reports_ = 0; // in this minute
    std::size_t unreported_ = 0;
};

} // namespace hocket::observer
