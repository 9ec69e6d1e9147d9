#include <hocket/condition.hpp>

#include <string>

#include <hocket/errors.hpp>

namespace hocket {

void Condition::throw_unlocked(const char* what) {
    throw RuntimeError("cannot " + std::string(what) +
                       " a Condition whose lock is not acquired: acquire it first");
}

void Condition::notify(std::size_t n) {
    if (!locked()) {
        throw_unlocked("notify");
    }
    waiters_.require_own_thread("Condition");
    move_to_lock(n);
}

void Condition::move_to_lock(std::size_t n) noexcept {
    for (; n > 0 && waiters_.has_waiting(); --n) {
        auto& wait = static_cast<detail::ConditionWait&>(waiters_.first_waiting());
        waiters_.remove(wait);
        wait.notified_ = wait.at_lock_ = true;
        lock_.enqueue(wait);
    }
}

namespace detail {

bool ConditionWait::cancel(std::string_view message) noexcept {
    if (!is_linked() || running_core() != &task().loop()) {
        return Waiter::cancel(message); // the lock is not needed: the loop or the object is gone
    }
    cancelled_ = true;
    if (!at_lock_) {
        condition_.waiters_.remove(*this);
        at_lock_ = true;
        lock_.enqueue(*this);
    }
    return true;
}

bool ConditionWait::await_resume() {
    const bool cancelled = task().take_cancellation() || cancelled_;
    if (state() != State::orphaned) {
        lock_.accept(*this);
        if (cancelled && notified_) {
            condition_.move_to_lock(1);
        }
    }
    if (cancelled) {
        task().throw_cancelled();
    }
    if (state() == State::orphaned) {
        throw_orphaned("Condition");
    }
    return true;
}

ConditionWait::operator Coro<bool>() const {
    return await_in_coro<ConditionWait, Condition&>(condition_);
}

} // namespace detail

} // namespace hocket
