#pragma once

#include <coroutine>
#include <string_view>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>
#include <hocket/detail/sync/threadsafe_wait_queue.hpp>
#include <hocket/detail/sync/waiter.hpp>
#include <hocket/engine/operation.hpp>

namespace hocket::detail {

/// A task that waits in a ThreadsafeWaitQueue. To wake the task, the task itself is posted to its
/// loop, not this waiter: a closing loop destroys the waiter with the coroutine, before it empties
/// its inbox.
class ThreadsafeTaskWaiter : public Operation, public ThreadsafeWaiter {
public:
    ThreadsafeTaskWaiter() noexcept = default;
    // A closing loop destroys suspended coroutines.
    ~ThreadsafeTaskWaiter() { give_up(); }

    /// Suspends `caller` in `queue`. Returns false if it need not wait.
    template <class P> bool wait_in(ThreadsafeWaitQueue& queue, std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        task_->suspend(caller.promise(), *this);
        if (!enter(queue)) {
            return true;
        }
        task_->unsuspend();
        task_ = nullptr;
        return false;
    }
    /// Called on resumption: leaves the queue and returns how the wait ended. Throws if the task
    /// was cancelled or the object was destroyed. `owner` names the object in errors, e.g.
    /// "ThreadsafeLock".
    State resume(const char* owner);
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "threadsafe object"};
    }

private:
    bool cancel(std::string_view message) noexcept override;
    void wake() noexcept override;

    TaskBase* task_ = nullptr; // nullptr if the task has not suspended
};

/// Awaits a permit. `Value` is bool (the value is always true) or void.
template <class Value> class [[nodiscard]] ThreadsafeWait {
public:
    using hocket_awaitable = void;
    using value_type = Value;

    ThreadsafeWait(ThreadsafeWaitQueue& queue, const char* owner) noexcept
        : queue_(queue), owner_(owner) {}
    operator Coro<Value>() const { // NOLINT(google-explicit-constructor): Python's is a coroutine
        return await_in_coro<ThreadsafeWait, ThreadsafeWaitQueue&, const char*>(queue_, owner_);
    }

    bool await_ready() noexcept { return queue_.try_claim(); }
    template <class P> bool await_suspend(std::coroutine_handle<P> caller) {
        return waiter_.make().wait_in(queue_, caller);
    }
    Value await_resume() {
        if (waiter_) {
            waiter_->resume(owner_);
        }
        return static_cast<Value>(true);
    }

private:
    ThreadsafeWaitQueue& queue_;
    const char* owner_;
    LazyWaiter<ThreadsafeTaskWaiter> waiter_;
};

} // namespace hocket::detail
