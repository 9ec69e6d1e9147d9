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

/// Is notified once when a future is done, on the thread that completes it.
class FutureWaiter : public engine::ListLink {
public:
    /// Called under the future's lock. May post or notify, but must not call the future. If it
    /// returns false, the waiter may be destroyed from then on; if true, `after_done` is called
    /// without the lock.
    virtual bool on_done() noexcept = 0;
    virtual void after_done() noexcept {}

protected:
    ~FutureWaiter() = default;
};

/// The state shared by the handles of one future. May be used from any thread.
class FutureStateBase {
public:
    /// `completing`: a thread has claimed the right to complete it and is about to do so.
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

    /// Whether there are other references than the caller's.
    [[nodiscard]] bool is_shared() const noexcept {
        return references_.load(std::memory_order_acquire) > 1;
    }

    [[nodiscard]] Status status() const noexcept { return status_.load(std::memory_order_acquire); }
    [[nodiscard]] bool done() const noexcept { return status() >= Status::cancelled; }
    [[nodiscard]] virtual bool running() const noexcept { return status() == Status::running; }
    /// What a task waits for that awaits this, for those who look inside; a literal.
    [[nodiscard]] virtual const char* what() const noexcept { return "Future"; }
    [[nodiscard]] bool cancelled() const noexcept { return status() == Status::cancelled; }

    /// Changes pending to cancelled. Returns false if it is running or done (true if it was already
    /// cancelled).
    virtual bool cancel() noexcept;
    /// Changes pending to running. Returns false if it was cancelled; throws InvalidStateError in
    /// any other state.
    bool set_running_or_notify_cancel();
    /// Changes pending to running. Returns false in any other state.
    bool try_start() noexcept;
    /// Changes pending to failed with `error`. Returns false in any other state.
    virtual bool fail_if_pending(std::exception_ptr error) noexcept = 0;
    /// If the work has not started and this thread is a worker of its executor, does the work here
    /// and returns true; the future is then done. A worker that waits for this work loses nothing
    /// by that, and a pool in which all workers wait does not deadlock.
    virtual bool run_here() noexcept { return false; }
    /// Blocks until done. Returns false if `deadline` passes first.
    bool wait_until(std::chrono::steady_clock::time_point deadline);
    /// Blocks until done, or does the work itself (see run_here).
    void wait() noexcept;

    /// Registers `waiter`. Returns false if the future is already done.
    bool add_waiter(FutureWaiter& waiter) noexcept;
    /// Returns false if the waiter has been or is being notified.
    bool remove_waiter(FutureWaiter& waiter) noexcept;
    /// For a waiter that may have been notified: blocks until its `on_done` has returned.
    void wait_until_notified() const noexcept { lock_.wait_until_free(); }
    /// Calls `callback` when the future is done, or at once if it already is. Exceptions are
    /// reported on stderr.
    void add_done_callback(std::function<void()> callback);

    /// The exception if it failed, else nullptr.
    [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;
    void require_result() const; ///< Throws CancelledError or InvalidStateError if there is none.

protected:
    virtual ~FutureStateBase() = default;
    /// Claims the right to store the result. Throws InvalidStateError if it is not available.
    void claim();
    bool claim_pending() noexcept;
    /// Makes the outcome visible and notifies the waiters. The last step of completing the future.
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
    /// Called when a promise is destroyed: fails the future unless it has a result or was
    /// cancelled.
    void fail_if_unset(const char* why) noexcept {
        try {
            set_error(std::make_exception_ptr(RuntimeError(why)));
        } catch (const InvalidStateError&) {
            // It was cancelled or completed at the same moment, which is fine.
        }
    }
    T get() {
        require_result();
        return result_.get(result_state());
    }
    /// Like get(), but moves the result out. For callers that know that nobody else uses the
    /// result.
    T take() {
        require_result();
        return result_.take(result_state());
    }
    /// Like get(), but moves the result out if the caller's is the last reference.
    T get_last() { return is_shared() ? get() : take(); }
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

/// Awaits a future. The thread that completes it posts the task to its loop: the task and not this
/// awaiter, because a closing loop destroys the awaiter with the coroutine before it empties its
/// inbox. Cancelling the awaiting task ends the wait at once and cancels the future, which has no
/// effect if that is already running.
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
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = future_.what()}; }

protected:
    void finish() {
        if (task_ != nullptr) {
            // This task may be the last of its loop, so the loop could destroy its inbox while the
            // completing thread is still posting to it.
            future_.wait_until_notified();
            task_->unsuspend();
            task_->throw_if_cancelled();
        }
    }

    FutureStateBase& future_;

private:
    bool cancel(std::string_view message) noexcept override;
    bool on_done() noexcept override;

    TaskBase* task_ = nullptr; // nullptr if the task has not suspended
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

/// Awaits a future that is not used afterwards.
template <class T> class LastFutureAwaiter final : public FutureAwaiterBase {
public:
    explicit LastFutureAwaiter(FutureState<T>& future) noexcept : FutureAwaiterBase(future) {}
    T await_resume() {
        finish();
        return static_cast<FutureState<T>&>(future_).get_last();
    }
};

/// Waits until a future is done and ignores its outcome. Must be a local variable of the awaiting
/// coroutine.
class FutureEnd final : public FutureAwaiterBase {
public:
    using value_type = void;
    using hocket_awaitable = void;

    using FutureAwaiterBase::FutureAwaiterBase;
    void await_resume() { finish(); }
};

} // namespace hocket::detail
