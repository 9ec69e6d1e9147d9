#pragma once

#include <chrono>
#include <utility>

#include <hocket/detail/gpu/event_state.hpp>
#include <hocket/engine/ready_queue.hpp>

namespace hocket::detail::gpu {

/// Asks the device for an event in each turn of a loop, for 100 µs. A short command ends in this
/// time, and then no thread has to be woken twice: a waiter by the driver, the loop by the waiter.
/// Afterwards a waiter waits for it.
class LoopPoll final : public engine::Runnable {
public:
    /// Call this on the loop's thread.
    static void start(EventPointer event, engine::ReadyQueue& ready) {
        ready.push(*new LoopPoll(std::move(event), ready));
    }

private:
    using Clock = std::chrono::steady_clock;

    LoopPoll(EventPointer event, engine::ReadyQueue& ready) noexcept
        : event_(std::move(event)), ready_(ready), end_(Clock::now() + longest) {}

    void run() noexcept override;
    void discard() noexcept override { delete this; }
    [[nodiscard]] bool is_over() noexcept;

    static constexpr std::chrono::microseconds longest{100};

    const EventPointer event_;
    engine::ReadyQueue& ready_;
    const Clock::time_point end_;
};

} // namespace hocket::detail::gpu
