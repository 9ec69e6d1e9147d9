#include <hocket/detail/sync/waiter.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket::detail {

bool Waiter::cancel(std::string_view) noexcept {
    if (is_linked()) {
        leave_queue();
    }
    task_->interrupt();
    return true;
}

void Waiter::throw_orphaned(const char* owner) {
    throw RuntimeError(
        "the " + std::string(owner) +
        " was destroyed after it had woken this task but before the task resumed: it "
        "must outlive its users");
}

std::size_t WaitQueue::turn_away_woken() noexcept {
    std::size_t count = 0;
    while (list_.front() != first_waiting_) {
        Waiter& waiter = *list_.front();
        list_.erase(waiter);
        waiter.state_ = Waiter::State::turned_away;
        ++count;
    }
    return count;
}

void WaitQueue::bind_first(LoopCore& loop, const char* owner) {
    if (loop_ != nullptr) {
        throw RuntimeError(
            "this " + std::string(owner) +
            " is bound to a different event loop: tasks of that loop have waited for it");
    }
    loop_ = &loop;
}

void WaitQueue::require_running(const char* owner) const {
    if (running_core() != loop_) {
        throw RuntimeError("tasks of an event loop on another thread wait for this " +
                           std::string(owner) + ": use that loop's call_soon_threadsafe");
    }
}

// Waiting tasks are not woken with an error: at the end of a program's main coroutine, its locks
// and queues are destroyed before its remaining tasks are cancelled, which is not a mistake of
// those tasks.
void WaitQueue::orphan_all() noexcept {
    first_waiting_ = nullptr;
    while (Waiter* waiter = list_.pop_front()) {
        // A waiter that was turned away only checks whether it is still linked.
        if (waiter->state_ != Waiter::State::turned_away) {
            waiter->state_ = Waiter::State::orphaned;
        }
    }
}

Done::operator Coro<void>() const { return await_in_coro<Done>(); }

} // namespace hocket::detail
