#include <algorithm>
#include <chrono>

#include "loop/event_loop_state.hpp"

namespace hocket::detail {

namespace {

using observer::TaskRecord;

// A list takes this much of a turn. The bound that users are told is half a millisecond.
constexpr engine::Nanoseconds listing_time = 200'000;
// The clock is read after so many tasks.
constexpr int tasks_between_looks = 64;

TaskRecord record_of(const TaskBase& task, const TaskBase* running) {
    TaskRecord record;
    record.id = task.id();
    record.name = task.given_name();
    record.created_at = task.created_at();
    record.waiting_at = task.waiting_at();
    record.cancelling = task.cancelling() > 0;
    if (&task == running) {
        record.state = TaskRecord::State::running;
    } else if (const Operation* operation = task.waiting_on()) {
        record.state = TaskRecord::State::waiting;
        record.reason = operation->reason();
    }
    const auto& waiters = task.waiters();
    for (auto* waiter = waiters.front(); waiter != nullptr; waiter = waiters.after(*waiter)) {
        if (const TaskBase* awaiting = waiter->awaiting_task()) {
            record.awaited_by.push_back(awaiting->id());
        }
    }
    return record;
}

} // namespace

void EventLoopState::begin_list() noexcept { core.next_listed = core.tasks.front(); }

bool EventLoopState::list_some(std::pmr::deque<TaskRecord>& list) {
    const engine::Nanoseconds until = engine::Reactor::now() + listing_time;
    for (int i = 1; core.next_listed != nullptr; ++i) {
        const TaskBase& task = *core.next_listed;
        list.push_back(record_of(task, core.current));
        core.next_listed = core.tasks.after(task);
        if (i % tasks_between_looks == 0 && engine::Reactor::now() >= until) {
            return core.next_listed == nullptr;
        }
    }
    return true;
}

// A signal may have interrupted anything: nothing here allocates or changes the loop.
void EventLoopState::describe_running(observer::RunningTask& into) const noexcept {
    if (const TaskBase* task = core.current) {
        into.id = task->id();
        into.created_at = task->created_at();
        const std::string_view name = task->given_name().substr(0, into.name.size() - 1);
        std::copy(name.begin(), name.end(), into.name.begin());
    }
}

} // namespace hocket::detail
