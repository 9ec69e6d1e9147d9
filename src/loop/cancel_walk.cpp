#include "loop/cancel_walk.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <hocket/detail/loop/task_base.hpp>
#include <hocket/errors.hpp>

namespace hocket::detail {

CancelWalk::CancelWalk(TaskBase& task, std::string_view message) noexcept
    : root_(task),
      message_(message),
      outer_(std::exchange(task.loop().cancel_walk, this)),
      root_marked_(mark(task)) {
    root_.ref();
}

CancelWalk::~CancelWalk() {
    for (const Step& step : steps_) {
        if (step.marked) {
            step.task->set_being_cancelled(false);
        }
        step.task->unref();
    }
    root_.loop().cancel_walk = outer_;
    if (root_marked_) {
        root_.set_being_cancelled(false);
    }
    root_.unref();
}

bool CancelWalk::mark(TaskBase& task) noexcept {
    const bool was_marked = task.is_being_cancelled();
    task.set_being_cancelled(true);
    return !was_marked;
}

void CancelWalk::add(TaskBase& task) {
    steps_.push_back({&task, false, false});
    task.ref();
}

void CancelWalk::cancel() {
    root_.cancel_here(message_);
    std::reverse(steps_.begin(), steps_.end()); // the first one added is cancelled first
    run();
}

bool CancelWalk::cancel_operation() {
    const bool is_taken = root_.cancel_operation(message_);
    std::reverse(steps_.begin(), steps_.end());
    run();
    return is_taken;
}

/// `step` must be the last one.
void CancelWalk::enter(Step& step) {
    TaskBase& task = *step.task;
    step.entered = true;
    step.marked = mark(task);
    if (step.marked) {
        return;
    }
    // The task is marked by this walk or by an outer one, in which a callback has called cancel().
    const bool is_on_path =
        &task == &root_ || std::any_of(steps_.begin(), steps_.end() - 1, [&](const Step& each) {
            return each.task == &task && each.entered;
        });
    if (is_on_path) {
        throw_cycle(task);
    }
}

void CancelWalk::run() {
    while (!steps_.empty()) {
        Step& step = steps_.back();
        TaskBase& task = *step.task;
        if (step.entered || task.done()) {
            if (step.marked) {
                task.set_being_cancelled(false);
            }
            steps_.pop_back();
            task.unref();
            continue;
        }
        enter(step);
        const auto below = static_cast<std::ptrdiff_t>(steps_.size());
        task.cancel_here(message_);
        std::reverse(steps_.begin() + below, steps_.end());
    }
}

void CancelWalk::throw_cycle(const TaskBase& task) const {
    std::string circle = &task == &root_ ? task.name() : std::string();
    for (const Step& step : steps_) {
        if (step.entered && (step.task == &task || !circle.empty())) {
            circle += (circle.empty() ? "" : " awaits ") + step.task->name();
        }
    }
    throw RuntimeError("cannot cancel tasks that await each other in a cycle: " + circle);
}

} // namespace hocket::detail
