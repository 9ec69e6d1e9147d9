#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/engine/ready_queue.hpp>

namespace hocket::detail {

/// Times each step of a loop in debug mode, and reports the slow ones. The end of a step is the
/// beginning of the next, so that the time is read once a step.
///
/// Reading an exact clock takes longer than a whole step, so a clock is read that the kernel
/// advances every few milliseconds (CLOCK_MONOTONIC_COARSE), unless even faster steps are to be
/// reported.
class StepTimer {
public:
    explicit StepTimer(LoopCore& loop) noexcept : loop_(loop) {}

    /// Runs everything in `batch` and returns how many steps that were. Steps that take at least
    /// `slow` are reported; it may change meanwhile.
    std::uint64_t run(engine::ReadyQueue batch, const std::chrono::nanoseconds& slow);

    /// Must be called by everything other than a task when it runs, and by a task that ends,
    /// because they may be gone when their step can be reported. Does nothing outside of debug
    /// mode.
    template <class Describe> static void describe(const LoopCore& loop, Describe describe_item) {
        if (loop.step_timer != nullptr) [[unlikely]] {
            loop.step_timer->set_description(describe_item());
        }
    }
    static void describe_ending(TaskBase& task);

    [[nodiscard]] std::uint64_t slow_steps() const noexcept { return slow_steps_; }

private:
    /// A task that is started eagerly, for example, must not replace the description of the step
    /// in which it runs.
    void set_description(std::string description) {
        if (description_.empty()) {
            description_ = std::move(description);
        }
    }
    [[nodiscard]] std::string description_of(const engine::Runnable& item) const;

    LoopCore& loop_;
    engine::Runnable* running_ = nullptr;
    std::string description_; // of what runs
    std::uint64_t slow_steps_ = 0;
};

} // namespace hocket::detail
