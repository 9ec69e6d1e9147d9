#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <utility>

#include <hocket/detail/loop/frame_alloc.hpp>
#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/detail/loop/result.hpp>
#include <hocket/detail/sync/spin_lock.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/engine/ref_ptr.hpp>
#include <hocket/errors.hpp>

namespace hocket::detail {

class FutureStateBase;

/// Something that is told once when a future is done; on the thread that made it so.
class FutureWaiter : public engine::ListLink {
public:
    /// Called under the future's lock: may post or notify, and must not call the future. After it
    /// returned false the waiter may be gone; true asks for a call of `after_done` without the
    /// lock.
    virtual bool on_done() noexcept = 0;
    virtual void after_done() noexcept {}

protected:
    ~FutureWaiter() = default;
};

/// What the handles of one future share. Any thread.
class FutureStateBase {
public:
    /// `completing`: somebody has claimed the right to end it, and is about to.
    enum class Status : std::uint32_t { pending, running, completing, cancelled, finished, failed };

    FutureStateBase() noexcept = default;
    FutureStateBase(const FutureStateBase&) = delete;
    FutureStateBase& operator=(const FutureStateBase&) = delete;

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    void ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void unref() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete this;
        }
    }

    [[nodiscard]] Status status() const noexcept { return status_.load(std::memory_order_acquire); }
    [[nodiscard]] bool done() const noexcept { return status() >= Status::cancelled; }
    [[nodiscard]] virtual bool running() const noexcept { return status() == Status::running; }
    [[nodiscard]] bool cancelled() const noexcept { return status() == Status::cancelled; }

    /// Pending becomes cancelled. False when it is running or done (true when cancelled before).
    virtual bool cancel() noexcept;
    /// Pending becomes running. False when it was cancelled; InvalidStateError otherwise.
    bool set_running_or_notify_cancel();
    /// Pending becomes running. False when it was anything else.
    bool try_start() noexcept;
    /// Pending becomes failed with `error`. False when it was anything else.
    virtual bool fail_if_pending(std::exception_ptr error) noexcept = 0;
    /// Does the work on this thread when it has not started and this thread is a worker of the
    /// executor that has it; then true, and the future is done. A worker that waits for exactly
    /// that work loses nothing by it, and a pool all of whose workers wait still comes to an end.
    virtual bool run_here() noexcept { return false; }
    /// Blocks until done; false when `timeout` passed first.
    bool wait_until(std::chrono::steady_clock::time_point deadline);
    /// Blocks until done, or does the work (run_here).
    void wait() noexcept;

    /// Registers `waiter`; false when the future is done already.
    bool add_waiter(FutureWaiter& waiter) noexcept;
    /// False when the waiter was, or is being, told.
    bool remove_waiter(FutureWaiter& waiter) noexcept;
    /// For a waiter that may have been told: returns when nobody is in its `on_done` any more.
    void wait_until_told() const noexcept { lock_.wait_until_free(); }
    /// Calls `callback` when done (at once when it is); exceptions are reported on stderr.
    void add_done_callback(std::function<void()> callback);

    /// The exception when failed.
    [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;
    void require_result() const; ///< Throws CancelledError or InvalidStateError when there is none.

protected:
    virtual ~FutureStateBase() = default;
    /// Claims the right to store the result. InvalidStateError when somebody else has it.
    void claim();
    bool claim_pending() noexcept;
    /// Makes the outcome known: the last thing done with it.
    void publish(Status status) noexcept;

private:
    std::atomic<std::uint32_t> references_{1};
    std::atomic<Status> status_{Status::pending};
    SpinLock lock_; // guards waiters_ and the change of status_ to done
    engine::IntrusiveList<FutureWaiter> waiters_;
};

template <class T> class FutureState : public FutureStateBase {
public:
    template <class... U> void set_value(U&&... value) {
        claim();
        result_.set_value(std::forward<U>(value)...);
        publish(Status::finished);
    }
    void set_error(std::exception_ptr error) {
        claim();
        result_.set_error(std::move(error));
        publish(Status::failed);
    }
    bool fail_if_pending(std::exception_ptr error) noexcept override {
        if (!claim_pending()) {
            return false;
        }
        result_.set_error(std::move(error));
        publish(Status::failed);
        return true;
    }
    /// For a promise that goes away: a failed future, unless it has a result or was cancelled.
    void fail_if_unset(const char* why) noexcept {
        try {
            set_error(std::make_exception_ptr(RuntimeError(why)));
        } catch (const InvalidStateError&) {
            // Cancelled, or completed, in this very moment: what was wanted.
        }
    }
    T get() {
        require_result();
        return result_.get(result_state());
    }
    /// As get(), but moves the result out: for who knows that nobody else asks for it.
    T take() {
        require_result();
        return result_.take(result_state());
    }
    [[nodiscard]] std::exception_ptr error() const noexcept override {
        return status() == Status::failed ? result_.error() : nullptr;
    }

protected:
    ~FutureState() override { result_.clear(result_state()); }

    ResultStorage<T> result_;

private:
    [[nodiscard]] ResultState result_state() const noexcept {
        switch (status()) {
        case Status::finished: return ResultState::value;
        case Status::failed: return ResultState::error;
        default: return ResultState::none;
        }
    }
};

template <class State> using FuturePointer = engine::RefPtr<State>;

/// Awaits a future: whoever completes it posts the task to its loop; the task, not this, for a loop
/// that is closed destroys this with the coroutine, before it empties its inbox. Cancelling the
/// awaiting task cancels the future (in vain when it runs already) and ends the wait at once.
class FutureAwaiterBase : public Operation, public FutureWaiter {
public:
    /// What cancelling the awaiting task does to the future.
    enum class OnCancel : bool { cancel, leave };

    explicit FutureAwaiterBase(FutureStateBase& future,
                               OnCancel on_cancel = OnCancel::cancel) noexcept
        : future_(future), on_cancel_(on_cancel) {}

    bool await_ready() const noexcept { return future_.done(); }
    template <class P> bool await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = caller.promise().task;
        task_->suspend(caller.promise(), *this);
        if (future_.add_waiter(*this)) {
            return true;
        }
        task_->unsuspend();
        task_ = nullptr;
        return false;
    }

protected:
    void finish() {
        if (task_ != nullptr) {
            // This task may be the last of its loop, and the loop's inbox be gone, before who
            // posted it there is done with that.
            future_.wait_until_told();
            task_->unsuspend();
            task_->throw_if_cancelled();
        }
    }

    FutureStateBase& future_;

private:
    bool cancel(std::string_view message) noexcept override;
    bool on_done() noexcept override;

    TaskBase* task_ = nullptr; // nullptr unless it has suspended
    OnCancel on_cancel_;
};

template <class T> class FutureAwaiter final : public FutureAwaiterBase {
public:
    explicit FutureAwaiter(FutureState<T>& future, OnCancel on_cancel = OnCancel::cancel) noexcept
        : FutureAwaiterBase(future, on_cancel) {}
    T await_resume() {
        finish();
        return static_cast<FutureState<T>&>(future_).get();
    }
};

/// Awaits a future's end, whatever its outcome. A local of the awaiting coroutine.
class FutureEnd final : public FutureAwaiterBase {
public:
    using value_type = void;
    using hocket_awaitable = void;

    using FutureAwaiterBase::FutureAwaiterBase;
    void await_resume() { finish(); }
};

} // namespace hocket::detail
