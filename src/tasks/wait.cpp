#include <hocket/wait.hpp>

#include <algorithm>
#include <array>

#include <hocket/detail/loop/join.hpp>
#include <hocket/errors.hpp>
#include <hocket/sleep.hpp>

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

namespace {

Join::Until until(ReturnWhen return_when) {
    switch (return_when) {
    case ReturnWhen::FIRST_COMPLETED: return Join::Until::first_done;
    case ReturnWhen::FIRST_EXCEPTION: return Join::Until::first_failed;
    case ReturnWhen::ALL_COMPLETED: return Join::Until::all_done;
    }
    throw ValueError("invalid return_when value: " + std::to_string(static_cast<int>(return_when)));
}

} // namespace

Coro<> wait_until(std::vector<AnyTask> tasks, WaitOptions options) {
    if (tasks.empty()) {
        throw ValueError("wait() was given no tasks");
    }
    Join join(tasks, until(options.return_when));
    if (options.timeout) {
        join.set_timeout(to_nanoseconds(*options.timeout).count());
    }
    if (join.await_ready()) {
        co_await sleep(std::chrono::seconds(0));
    } else {
        co_await join;
    }
}

Coro<> cancel_and_wait(AnyTask task) {
    const std::array tasks{task};
    Join join(tasks, Join::Until::all_done);
    task.cancel();
    co_await join;
}

void throw_out_of_time() { throw TimeoutError("timed out: the timeout is not positive"); }

Completions::Completions(std::vector<AnyTask> tasks,
                         std::optional<std::chrono::nanoseconds> timeout)
    : tasks_(std::move(tasks)),
      links_(std::make_unique<Link[]>(tasks_.size())),
      loop_(require_running_core()) {
    require_running_loop(tasks_);
    order_.reserve(tasks_.size()); // completing a task must not throw bad_alloc
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        TaskBase& task = tasks_[i].state();
        links_[i].completions = this;
        if (task.done()) {
            order_.push_back(i);
        } else {
            task.add_waiter(links_[i]);
        }
    }
    if (timeout && order_.size() < tasks_.size()) {
        reactor_of(*loop_.loop)
            .timers()
            .arm(*this, engine::Reactor::now() + to_nanoseconds(*timeout).count());
    }
}

Completions::~Completions() {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        if (links_[i].is_linked()) {
            tasks_[i].state().remove_waiter(links_[i]);
        }
    }
    disarm();
}

void Completions::one_done(const Link& link) noexcept {
    if (out_of_time_) {
        return;
    }
    order_.push_back(static_cast<std::size_t>(&link - links_.get()));
    if (order_.size() == tasks_.size()) {
        disarm();
    }
    wake();
}

void Completions::expire() noexcept {
    out_of_time_ = true;
    wake();
}

void Completions::disarm() noexcept {
    if (is_armed()) {
        reactor_of(*loop_.loop).timers().cancel(*this);
    }
}

void Completions::wake() noexcept {
    if (task_ != nullptr) {
        std::exchange(task_, nullptr)->wake();
    }
}

bool Completions::cancel(std::string_view) noexcept {
    std::exchange(task_, nullptr)->interrupt();
    return true;
}

std::size_t Completions::await_resume() {
    if (TaskBase* task = std::exchange(resumed_, nullptr)) {
        task->throw_if_cancelled();
    }
    if (taken_ == order_.size()) {
        throw TimeoutError("as_completed: timed out with " +
                           std::to_string(tasks_.size() - taken_) + " of " +
                           std::to_string(tasks_.size()) + " tasks not done");
    }
    return order_[taken_++];
}

} // namespace hocket::detail
