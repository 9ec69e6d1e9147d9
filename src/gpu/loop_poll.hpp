#pragma once

#include <chrono>
#include <utility>

#include <hocket/detail/gpu/event_state.hpp>
#include <hocket/engine/ready_queue.hpp>

namespace hocket::detail::gpu {

/// Asks the device for an event in each turn of a loop, for 100 µs. A short command ends in this
/// time, and then no thread has to be woken twice: a waiter by the driver, the loop by the waiter.
/// Afterwards a waiter waits for it. Where other threads keep the loop from its processor, asking
/// only makes them and the device slower, so a waiter waits at once for the next 100 ms.
class LoopPoll final : public engine::Runnable {
public:
    /// Call this on the loop's thread.
    static void start(EventPointer event, engine::ReadyQueue& ready);

private:
    using Clock = std::chrono::steady_clock;

    LoopPoll(EventPointer event, engine::ReadyQueue& ready) noexcept
        : event_(std::move(event)), ready_(ready), end_(Clock::now() + longest) {}

    void run() noexcept override;
    void discard() noexcept override { delete this; }
    [[nodiscard]] bool is_over() noexcept;
    [[nodiscard]] bool is_left_to_a_waiter() noexcept;

    static constexpr std::chrono::microseconds longest{100};
    static constexpr std::chrono::microseconds late{300};
    static constexpr std::chrono::milliseconds pause{100};
    static thread_local Clock::time_point paused_until;

    const EventPointer event_;
    engine::ReadyQueue& ready_;
    const Clock::time_point end_;
};

} // namespace hocket::detail::gpu
