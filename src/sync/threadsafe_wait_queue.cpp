#include <hocket/detail/sync/threadsafe_wait_queue.hpp>

#include <condition_variable>

#include <hocket/detail/sync/threadsafe_wait.hpp>

#include "loop/event_loop_state.hpp"
#include "sync/timed_wait.hpp"

namespace hocket::detail {

bool ThreadsafeWaiter::enter(ThreadsafeWaitQueue& queue) noexcept {
    const std::scoped_lock lock(queue.lock_);
    if (queue.claim()) {
        state_ = State::granted;
        return true;
    }
    if (queue.ended_) {
        state_ = State::turned_away;
        return true;
    }
    queue_ = &queue;
    queue.waiting_.push_back(*this);
    return false;
}

ThreadsafeWaiter::State ThreadsafeWaiter::leave() noexcept {
    if (queue_ != nullptr) {
        const std::scoped_lock lock(queue_->lock_);
        queue_->remove(*this);
    }
    return state_;
}

bool ThreadsafeWaiter::withdraw() noexcept {
    if (queue_ == nullptr) {
        return state_ == State::waiting;
    }
    const std::scoped_lock lock(queue_->lock_);
    if (state_ != State::waiting) {
        return false;
    }
    queue_->remove(*this);
    return true;
}

void ThreadsafeWaiter::give_up() noexcept {
    if (queue_ != nullptr) {
        ThreadsafeWaitQueue& queue = *queue_;
        const std::scoped_lock lock(queue.lock_);
        queue.remove(*this);
        if (state_ == State::granted) {
            queue.offer();
        }
    }
}

// Waiters are not woken with an error: at the end of a program's main coroutine, its locks and
// queues are destroyed before its remaining tasks are cancelled, which is not a mistake of those
// tasks.
ThreadsafeWaitQueue::~ThreadsafeWaitQueue() {
    const std::scoped_lock lock(lock_);
    while (ThreadsafeWaiter* waiter = waiting_.pop_front()) {
        waiter->queue_ = nullptr;
    }
    while (ThreadsafeWaiter* waiter = woken_.pop_front()) {
        waiter->queue_ = nullptr;
        if (waiter->state_ == State::granted) {
            waiter->state_ = State::orphaned;
        }
    }
}

void ThreadsafeWaitQueue::wake_first(State outcome) noexcept {
    ThreadsafeWaiter& waiter = *waiting_.pop_front();
    woken_.push_back(waiter);
    waiter.state_ = outcome;
    waiter.wake();
}

void ThreadsafeWaitQueue::wake_all(State outcome) noexcept {
    while (!waiting_.empty()) {
        wake_first(outcome);
    }
}

void ThreadsafeWaitQueue::remove(ThreadsafeWaiter& waiter) noexcept {
    (waiter.state_ == State::waiting ? waiting_ : woken_).erase(waiter);
    waiter.queue_ = nullptr;
}

namespace {

class BlockedThread final : public ThreadsafeWaiter {
public:
    void sleep() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return woken_; });
    }
    void sleep_until(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        timed_wait(changed_, lock, deadline, [this] { return woken_; });
    }

private:
    void wake() noexcept override {
        {
            const std::scoped_lock lock(mutex_);
            woken_ = true;
        }
        changed_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

} // namespace

ThreadsafeWaiter::State
claim_blocking(ThreadsafeWaitQueue& queue,
               std::optional<std::chrono::steady_clock::time_point> deadline, void* item) {
    BlockedThread waiter;
    waiter.item = item;
    if (!waiter.enter(queue)) {
        if (deadline) {
            waiter.sleep_until(*deadline);
        } else {
            waiter.sleep();
        }
    }
    return waiter.leave();
}

bool ThreadsafeTaskWaiter::cancel(std::string_view) noexcept {
    if (!withdraw()) {
        return false; // woken: the task has been posted to its loop
    }
    task_->interrupt();
    return true;
}

void ThreadsafeTaskWaiter::wake() noexcept { reactor_of(*task_->loop().loop).post(*task_); }

ThreadsafeWaiter::State ThreadsafeTaskWaiter::resume(const char* owner) {
    if (task_ != nullptr) {
        task_->unsuspend();
        // A completed operation cannot be undone; the cancellation is thrown at the next co_await.
        if (state() != State::completed && task_->take_cancellation()) [[unlikely]] {
            give_up();
            task_->throw_cancelled();
        }
    }
    const State state = leave();
    if (state == State::orphaned) [[unlikely]] {
        Waiter::throw_orphaned(owner);
    }
    return state;
}

} // namespace hocket::detail
