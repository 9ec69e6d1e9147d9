#include "observe/task_list.hpp"

#include <new>
#include <utility>

namespace hocket::observer {

void TaskList::request() {
    self_ = shared_from_this();
    loop_.inspected_reactor().post(*this);
}

void TaskList::run() noexcept {
    if (is_abandoned()) {
        end(State::abandoned);
        return;
    }
    try {
        if (!std::exchange(has_begun_, true)) {
            loop_.begin_list();
        }
        if (!loop_.list_some(tasks_)) {
            loop_.inspected_reactor().ready().push(*this);
            return;
        }
    } catch (const std::bad_alloc&) {
        end(State::abandoned);
        return;
    }
    end(State::complete);
}

void TaskList::discard() noexcept { end(State::abandoned); }

void TaskList::end(State how) noexcept {
    const std::shared_ptr<TaskList> keep = std::move(self_);
    const std::scoped_lock lock(mutex_);
    state_ = how;
    changed_.notify_all();
}

std::optional<std::deque<TaskRecord>> TaskList::wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [this] { return state_ != State::requested; })) {
        state_ = State::abandoned;
    }
    return state_ == State::complete ? std::optional(std::move(tasks_)) : std::nullopt;
}

bool TaskList::is_abandoned() noexcept {
    const std::scoped_lock lock(mutex_);
    return state_ == State::abandoned;
}

} // namespace hocket::observer
