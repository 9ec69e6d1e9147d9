#include "observe/stall_watch.hpp"

#include <string_view>

#include <sys/types.h>

#include "engine/describe_frame.hpp"
#include "engine/format_seconds.hpp"
#include "engine/status_reading.hpp"
#include "observe/own_descriptors.hpp"
#include "observe/thread_stack.hpp"

namespace hocket::observer {

namespace {

constexpr std::size_t most_reports = 5;

std::string describe(const RunningTask& task) {
    if (task.id == 0) {
        return "a callback";
    }
    const std::string_view name = task.name.data();
    return "<Task '" + (name.empty() ? "Task-" + std::to_string(task.id) : std::string(name)) +
           "' created at " + task.created_at.file_name() + ':' +
           std::to_string(task.created_at.line()) + '>';
}

} // namespace

void StallWatch::look() {
    const Clock::time_point now = Clock::now();
    for_each_loop([this, now](InspectedLoop& loop) { look_at(loop, now); });
    if (turns_.size() > 1024) { // loops that are gone
        turns_.clear();
    }
}

void StallWatch::look_at(InspectedLoop& loop, Clock::time_point now) {
    const engine::LoopStatus& status = loop.inspected_reactor().status();
    const std::uint64_t number = status.turns.load(std::memory_order_relaxed);
    const bool rests = status.thread.load(std::memory_order_relaxed) == 0 ||
                       status.asleep_since.load(std::memory_order_relaxed) != 0;
    Turn& turn = turns_[&loop];
    if (rests || turn.number != number || turn.seen == Clock::time_point{}) {
        turn = {number, now, false};
        return;
    }
    const auto slow = std::chrono::nanoseconds(status.slow_after.load(std::memory_order_relaxed));
    if (!turn.is_reported && now - turn.seen >= slow) {
        turn.is_reported = true;
        if (may_report(now)) {
            report(loop, now - turn.seen);
        }
    }
}

bool StallWatch::may_report(Clock::time_point now) {
    if (now - minute_began_ >= std::chrono::minutes(1)) {
        if (unreported_ > 0) {
            write_to_stderr("hocket: event loops were blocked " + std::to_string(unreported_) +
                            " more times in the minute before\n");
        }
        minute_began_ = now;
        reports_ = 0;
        unreported_ = 0;
    }
    if (reports_ == most_reports) {
        ++unreported_;
        return false;
    }
    ++reports_;
    return true;
}

void StallWatch::report(InspectedLoop& loop, std::chrono::duration<double> blocked) {
    const engine::LoopStatus& status = loop.inspected_reactor().status();
    const auto thread = static_cast<pid_t>(status.thread.load(std::memory_order_relaxed));
    const auto stack = stack_of(&loop, thread);
    const std::string name = engine::status_name(status);
    std::string text = "hocket: the event loop" + (name.empty() ? "" : " '" + name + "'") +
                       " has been blocked for " + engine::format_seconds(blocked);
    if (stack) {
        text += " by " + describe(stack->task) + ":\n";
        for (const void* frame : stack->frames) {
            text += "  " + engine::describe_frame(frame) + '\n';
        }
    } else {
        text += "; its thread does not answer\n";
    }
    write_to_stderr(text);
}

} // namespace hocket::observer
