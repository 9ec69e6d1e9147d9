#include <hocket/detail/loop/join.hpp>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

namespace {

bool decides(const TaskBase& task, Join::Until until) noexcept {
    switch (until) {
    case Join::Until::all_done: return false;
    case Join::Until::first_done: return true;
    case Join::Until::first_failed: return task.state() == TaskBase::State::failed;
    case Join::Until::first_unfinished: return task.state() != TaskBase::State::finished;
    }
    return false;
}

} // namespace

void require_running_loop(std::span<const AnyTask> tasks) {
    const LoopCore& running = require_running_core();
    for (const AnyTask& task : tasks) {
        if (&task.state().loop() != &running) {
            throw ValueError("cannot wait for " + task.name() +
                             ": it belongs to a different event loop");
        }
    }
}

Join::Join(std::span<const AnyTask> tasks, Until until, OnCancel on_cancel)
    : links_(std::make_unique<Link[]>(tasks.size())),
      count_(tasks.size()),
      pending_(tasks.size()),
      until_(until),
      on_cancel_(on_cancel),
      satisfied_(tasks.empty()) {
    require_running_loop(tasks);
    for (std::size_t i = 0; i < count_; ++i) {
        TaskBase& task = tasks[i].state();
        links_[i].join = this;
        links_[i].task = &task;
        if (task.done()) {
            one_done(task);
        } else {
            task.add_waiter(links_[i]);
        }
    }
}

Join::~Join() {
    unlink();
    disarm();
}

void Join::arm() {
    if (timeout_ >= 0) {
        reactor_of(*task_->loop().loop).timers().arm(*this, engine::Reactor::now() + timeout_);
    }
}

void Join::disarm() noexcept {
    if (is_armed()) {
        reactor_of(*task_->loop().loop).timers().cancel(*this);
    }
}

void Join::unlink() noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (links_[i].is_linked()) {
            links_[i].task->remove_waiter(links_[i]);
        }
    }
}

void Join::one_done(TaskBase& task) noexcept {
    --pending_;
    if (satisfied_) {
        return;
    }
    if (decides(task, until_)) {
        decisive_ = &task;
        satisfy();
    } else if (pending_ == 0) {
        satisfy();
    }
}

void Join::satisfy() noexcept {
    satisfied_ = true;
    if (task_ != nullptr) {
        task_->wake();
    }
}

void Join::expire() noexcept {
    if (!satisfied_) {
        satisfy();
    }
}

void Join::mark_retrieved() noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        links_[i].task->mark_retrieved();
    }
}

bool Join::cancel(std::string_view) noexcept {
    if (on_cancel_ == OnCancel::leave) {
        satisfied_ = true;
        disarm();
        task_->interrupt();
        return true;
    }
    bool any = false;
    for (std::size_t i = 0; i < count_; ++i) {
        any = links_[i].task->pass_on_cancel() || any;
    }
    passed_on_ = passed_on_ || any;
    return any;
}

void Join::await_resume() {
    unlink();
    disarm();
    if (task_ == nullptr) {
        return;
    }
    if (task_->take_cancellation()) {
        if (on_cancel_ == OnCancel::pass_on) {
            mark_retrieved(); // tasks that failed in the turn in which this wait was cancelled
        }
        task_->throw_cancelled();
    }
    // As in asyncio.gather, an exception that a task throws on the cancellation takes precedence.
    if (passed_on_ && decisive_ == nullptr) {
        mark_retrieved();
        task_->throw_cancelled();
    }
}

} // namespace hocket::detail
