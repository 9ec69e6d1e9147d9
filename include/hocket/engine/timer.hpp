#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/engine/operation.hpp>

namespace hocket::engine {

/// Nanoseconds on CLOCK_MONOTONIC, the clock of std::chrono::steady_clock.
using Nanoseconds = std::int64_t;

/// A deadline in a TimerQueue. Stored in the waiter. It is also an Operation, so that a sleeping
/// task needs only one vtable pointer, not two.
class Timer : public Operation {
public:
    Timer() noexcept = default;
    /// `deadline` is what `deadline()` returns until the timer is armed.
    explicit Timer(Nanoseconds deadline) noexcept : deadline_(deadline) {}

    /// Called once, on the loop's thread, when the deadline has passed. The timer has left the
    /// queue by then and may be armed again or destroyed.
    virtual void expire() noexcept = 0;
    /// Called if the loop is closed, after the timer has left its queue: release its resources.
    virtual void discard() noexcept {}
    bool cancel(std::string_view) noexcept override { return false; }

    [[nodiscard]] bool is_armed() const noexcept { return slot_ != unarmed; }
    [[nodiscard]] Nanoseconds deadline() const noexcept { return deadline_; }

protected:
    ~Timer() = default;

private:
    friend class TimerQueue;
    friend class TimerSlot;
    static constexpr std::uint32_t unarmed = 0xffffffff;
    Nanoseconds deadline_ = 0;
    std::uint32_t slot_ = unarmed; // see TimerQueue
    std::uint32_t index_ = 0;      // in the slot; see TimerSlot
};

} // namespace hocket::engine
