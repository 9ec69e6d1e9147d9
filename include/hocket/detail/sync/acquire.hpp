#pragma once

#include <coroutine>
#include <cstdint>

#include <hocket/detail/sync/waiter.hpp>

namespace hocket::detail {

/// Waits for an Owner, a Lock or a Semaphore.
template <class Owner> class AcquireWaiter final : public Waiter {
public:
    [[nodiscard]] WaitReason reason() const noexcept override {
        return state() == State::orphaned ? WaitReason{.what = Owner::type_name}
                                          : Owner::wait_reason(queue());
    }
};

/// `co_await owner.acquire()`, where `owner` is a Lock or a Semaphore: waits for its turn, then
/// takes over what `owner` has granted. If the task was cancelled in between, it gives the grant
/// back for the next waiter.
template <class Owner> class [[nodiscard]] Acquire {
public:
    using hocket_awaitable = void;
    using value_type = bool;

    explicit Acquire(Owner& owner) noexcept : owner_(owner) {}
    operator Coro<bool>() const { // NOLINT(google-explicit-constructor): Python's is a coroutine
        return await_in_coro<Acquire, Owner&>(owner_);
    }

    /// Called when it is awaited.
    void start_in(const TaskBase& task) noexcept { task_id_ = task.id(); }
    bool await_ready() const noexcept { return owner_.try_acquire(task_id_); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        waiter_.make().wait_in(owner_.waiters_, caller, Owner::type_name);
    }
    bool await_resume() {
        if (waiter_) {
            take_over();
        }
        return true;
    }

private:
    void take_over() {
        if (waiter_->task().take_cancellation()) [[unlikely]] {
            if (waiter_->state() == Waiter::State::granted) {
                owner_.decline(*waiter_);
            }
            waiter_->task().throw_cancelled();
        }
        if (waiter_->state() == Waiter::State::orphaned) [[unlikely]] {
            Waiter::throw_orphaned(Owner::type_name);
        }
        owner_.accept(*waiter_);
    }

    Owner& owner_;
    std::uint64_t task_id_ = 0;
    LazyWaiter<AcquireWaiter<Owner>> waiter_;
};

} // namespace hocket::detail
