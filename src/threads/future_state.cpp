#include <hocket/detail/threads/future_state.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/trace.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "sync/timed_wait.hpp"
#include "threads/spin.hpp"

namespace hocket::detail {

bool FutureStateBase::cancel() noexcept {
    Status expected = Status::pending;
    if (status_.compare_exchange_strong(expected, Status::completing, std::memory_order_acq_rel)) {
        publish(Status::cancelled);
        return true;
    }
    return expected == Status::cancelled;
}

bool FutureStateBase::set_running_or_notify_cancel() {
    Status expected = Status::pending;
    if (status_.compare_exchange_strong(expected, Status::running, std::memory_order_acq_rel)) {
        return true;
    }
    if (expected == Status::completing || expected == Status::cancelled) {
        return false;
    }
    throw InvalidStateError(expected == Status::running
                                ? "the future is already running"
                                : "a future that is done cannot become running");
}

bool FutureStateBase::try_start() noexcept {
    Status expected = Status::pending;
    return status_.compare_exchange_strong(expected, Status::running, std::memory_order_acq_rel);
}

bool FutureStateBase::claim_pending() noexcept {
    Status expected = Status::pending;
    return status_.compare_exchange_strong(expected, Status::completing, std::memory_order_acq_rel);
}

void FutureStateBase::claim() {
    Status now = status();
    while (now == Status::pending || now == Status::running) {
        if (status_.compare_exchange_weak(now, Status::completing, std::memory_order_acq_rel)) {
            return;
        }
    }
    throw InvalidStateError(now == Status::cancelled
                                ? "the future was cancelled and cannot get a result"
                                : "the future already has a result");
}

void FutureStateBase::publish(Status status) noexcept {
    engine::IntrusiveList<FutureWaiter> callbacks;
    {
        const std::scoped_lock lock(lock_);
        status_.store(status, std::memory_order_release);
        status_.notify_all();
        while (FutureWaiter* waiter = waiters_.pop_front()) {
            if (waiter->on_done()) {
                callbacks.push_back(*waiter);
            }
        }
    }
    while (FutureWaiter* waiter = callbacks.pop_front()) {
        waiter->after_done();
    }
}

namespace {

class CallbackWaiter final : public FutureWaiter {
public:
    explicit CallbackWaiter(std::function<void()> callback) : callback_(std::move(callback)) {}
    bool on_done() noexcept override { return true; }
    void after_done() noexcept override {
        try {
            callback_();
        } catch (...) {
            report_thread_exception("exception in a future's done callback",
                                    std::current_exception());
        }
        delete this;
    }

private:
    std::function<void()> callback_;
};

class TimedWaiter final : public FutureWaiter {
public:
    bool on_done() noexcept override {
        // Also under the waiter's lock, because the waiter may be destroyed as soon as it sees
        // `done_`.
        const std::scoped_lock lock(mutex_);
        done_ = true;
        changed_.notify_one();
        return false;
    }
    bool wait_until(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        return timed_wait(changed_, lock, deadline, [this] { return done_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
};

} // namespace

void FutureStateBase::add_done_callback(std::function<void()> callback) {
    auto waiter = std::make_unique<CallbackWaiter>(std::move(callback));
    if (add_waiter(*waiter)) {
        static_cast<void>(waiter.release()); // deletes itself
    } else {
        waiter.release()->after_done();
    }
}

bool FutureStateBase::wait_until(std::chrono::steady_clock::time_point deadline) {
    TimedWaiter waiter;
    if (!add_waiter(waiter)) {
        return true;
    }
    if (waiter.wait_until(deadline)) {
        return true;
    }
    if (remove_waiter(waiter)) {
        return false;
    }
    return waiter.wait_until(
        std::chrono::steady_clock::time_point::max()); // on_done is being called now
}

void FutureStateBase::wait() noexcept {
    if (done() || run_here()) {
        return;
    }
    // Sleeping and waking up takes longer than many of the waits.
    if (spin_briefly([this] { return done(); })) {
        return;
    }
    constexpr int before_sleeping = 8;
    for (int i = 0; i < before_sleeping && !done(); ++i) {
        std::this_thread::yield();
    }
    for (Status now = status(); now < Status::cancelled; now = status()) {
        status_.wait(now, std::memory_order_acquire);
    }
}

bool FutureStateBase::add_waiter(FutureWaiter& waiter) noexcept {
    const std::scoped_lock lock(lock_);
    if (done()) {
        return false;
    }
    waiters_.push_back(waiter);
    return true;
}

bool FutureStateBase::remove_waiter(FutureWaiter& waiter) noexcept {
    const std::scoped_lock lock(lock_);
    if (!waiter.is_linked()) {
        return false;
    }
    waiters_.erase(waiter);
    return true;
}

void FutureStateBase::require_result() const {
    switch (status()) {
    case Status::cancelled: throw CancelledError();
    case Status::pending:
    case Status::running:
    case Status::completing: throw InvalidStateError("the future's result is not ready");
    default: break;
    }
}

bool FutureAwaiterBase::cancel(std::string_view) noexcept {
    if (!future_.remove_waiter(*this)) {
        return false; // done: the task has been posted to its loop
    }
    if (on_cancel_ == OnCancel::cancel) {
        future_.cancel();
    }
    task_->interrupt();
    return true;
}

bool FutureAwaiterBase::on_done() noexcept {
    engine::trace(engine::TraceKind::wakes, task_->id());
    reactor_of(*task_->loop().loop).post(*task_);
    return false;
}

} // namespace hocket::detail
