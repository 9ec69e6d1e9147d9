#include "loop/step_timer.hpp"

#include <ctime>

#include <hocket/detail/loop/task_base.hpp>

#include "engine/trace.hpp"
#include "loop/report.hpp"

namespace hocket::detail {

namespace {

// Where steps shorter than this are slow, the exact clock is read. The other one is advanced every
// 10 ms at most (CONFIG_HZ=100).
constexpr std::chrono::milliseconds coarse_enough(40);

timespec read(clockid_t clock) noexcept {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time;
}

std::chrono::nanoseconds between(const timespec& begin, const timespec& end) noexcept {
    return std::chrono::seconds(end.tv_sec - begin.tv_sec) +
           std::chrono::nanoseconds(end.tv_nsec - begin.tv_nsec);
}

} // namespace

std::uint64_t StepTimer::run(engine::ReadyQueue batch, const std::chrono::nanoseconds& slow) {
    loop_.step_timer = this;
    clockid_t clock = slow < coarse_enough ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE;
    timespec began = read(clock);
    std::uint64_t steps = 0;
    for (; !batch.empty(); ++steps) {
        engine::Runnable& item = batch.pop();
        running_ = &item;
        if (!description_.empty()) {
            description_.clear();
        }
        engine::trace_step(item);
        item.run();
        const timespec ended = read(clock);
        if (ended.tv_nsec == began.tv_nsec && ended.tv_sec == began.tv_sec) [[likely]] {
            continue;
        }
        const std::chrono::nanoseconds took = between(std::exchange(began, ended), ended);
        if (took >= slow) [[unlikely]] {
            ++slow_steps_;
            report_slow(description_of(item), took);
            clock = slow < coarse_enough ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE;
            began = read(clock);
        }
    }
    engine::trace(engine::TraceKind::turn_end);
    loop_.step_timer = nullptr;
    return steps;
}

void StepTimer::describe_ending(TaskBase& task) {
    StepTimer* const timer = task.loop().step_timer;
    if (timer != nullptr && timer->running_ == &task) [[unlikely]] {
        timer->set_description(task.describe());
    }
}

std::string StepTimer::description_of(const engine::Runnable& item) const {
    if (!description_.empty()) {
        return description_;
    }
    // `item` may be gone, unless it is one of the tasks that are not done.
    for (const TaskBase* task = loop_.tasks.front(); task != nullptr;
         task = loop_.tasks.after(*task)) {
        if (task == &item) {
            return task->describe();
        }
    }
    return "an internal callback";
}

} // namespace hocket::detail
