#include "observe/task_list.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "engine/reactor.hpp"
#include "observe/own_descriptors.hpp"

namespace hocket::observer {

namespace {

std::size_t count_tasks(const engine::LoopStatus& status) noexcept {
    const std::uint64_t ended = status.tasks_ended.load(std::memory_order_relaxed);
    const std::uint64_t started = status.tasks_started.load(std::memory_order_relaxed);
    return started > ended ? static_cast<std::size_t>(started - ended) : 0;
}

} // namespace

TaskList::TaskList(InspectedLoop& loop)
    : loop_(loop),
      tasks_(std::make_unique<TaskRecords>(count_tasks(loop.inspected_reactor().status()))) {}

void TaskList::request() {
    self_ = shared_from_this();
    loop_.inspected_reactor().post(*this, copy_of_process);
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
        if (!loop_.list_some(tasks_->list)) {
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

std::unique_ptr<TaskRecords> TaskList::wait(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [this] { return state_ != State::requested; })) {
        state_ = State::abandoned;
    }
    return state_ == State::complete ? std::move(tasks_) : nullptr;
}

bool TaskList::is_abandoned() noexcept {
    const std::scoped_lock lock(mutex_);
    return state_ == State::abandoned;
}

} // namespace hocket::observer
