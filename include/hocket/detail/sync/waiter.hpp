#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>

namespace hocket::detail {

class WaitQueue;

/// A task that waits its turn in the WaitQueue of a Lock, an Event, a Queue, etc. Stored in the
/// awaiter, in the awaiting coroutine's frame.
class Waiter : public Operation, public engine::ListLink {
public:
    enum class State : std::uint8_t {
        waiting,
        granted,     // has what it waited for; the task is in the ready queue
        served,      // woken, with nothing to give back
        turned_away, // woken without what it waited for: the queue was shut down or the barrier
                     // broken
        orphaned,    // the object it waited for was destroyed
    };

    Waiter() noexcept = default;
    // A closing loop destroys suspended coroutines.
    ~Waiter() {
        if (is_linked()) {
            leave_queue();
        }
    }

    /// Leaves the queue. If the waiter has already been granted something, the awaiter gives it
    /// back when it resumes.
    bool cancel(std::string_view message) noexcept override;

    /// Suspends `caller` at the end of `queue`. `owner` names the object in errors: "Lock".
    template <class P>
    void wait_in(WaitQueue& queue, std::coroutine_handle<P> caller, const char* owner) {
        TaskBase& task = *caller.promise().task;
        join_queue(queue, task, owner);
        task.suspend(caller.promise(), *this);
    }
    [[nodiscard]] bool has_waited() const noexcept { return task_ != nullptr; }
    [[nodiscard]] TaskBase& task() const noexcept { return *task_; }
    [[nodiscard]] State state() const noexcept { return state_; }
    /// Must have waited.
    [[nodiscard]] const WaitQueue& queue() const noexcept { return *queue_; }

    /// Called on resumption if there is nothing to give back. Throws if the task was cancelled or
    /// the object was destroyed.
    void throw_if_not_granted(const char* owner) const {
        task_->throw_if_cancelled();
        if (state_ == State::orphaned) [[unlikely]] {
            throw_orphaned(owner);
        }
    }
    [[noreturn]] static void throw_orphaned(const char* owner);

private:
    friend class WaitQueue;
    void join_queue(WaitQueue& queue, TaskBase& task, const char* owner);
    void leave_queue() noexcept;

    TaskBase* task_ = nullptr;
    WaitQueue* queue_ = nullptr;
    State state_ = State::waiting;
};

/// Storage for a Waiter in an awaiter that rarely suspends. The Waiter is constructed only on
/// suspension, so that an await that is ready costs only a flag.
template <class W = Waiter> class LazyWaiter {
public:
    LazyWaiter() noexcept {}
    ~LazyWaiter() {
        if (made_) {
            waiter_.W::~W();
        }
    }
    LazyWaiter(const LazyWaiter&) = delete;
    LazyWaiter& operator=(const LazyWaiter&) = delete;

    template <class... Args> W& make(Args&&... args) noexcept {
        std::construct_at(&waiter_, std::forward<Args>(args)...);
        made_ = true;
        return waiter_;
    }
    explicit operator bool() const noexcept { return made_; }
    W* operator->() noexcept { return &waiter_; }
    W& operator*() noexcept { return waiter_; }

private:
    union {
        W waiter_;
    };
    bool made_ = false;
};

/// The tasks that wait for one thing; first come, first served. Those that have been granted it
/// stay at the front until their tasks resume, so that they still count as waiting, as in Python,
/// and the destructor finds them. The queue belongs to the loop of the first task that waits in it.
class WaitQueue {
public:
    WaitQueue() noexcept = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    /// Tasks that have not been woken stay suspended until they are cancelled.
    ~WaitQueue() {
        if (!list_.empty()) [[unlikely]] {
            orphan_all();
        }
    }

    /// Whether no task waits and all tasks that were woken have resumed.
    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    /// Whether a task waits that has not been woken.
    [[nodiscard]] bool has_waiting() const noexcept { return first_waiting_ != nullptr; }
    [[nodiscard]] Waiter& first_waiting() const noexcept { return *first_waiting_; }

    /// Adds a waiter whose task is set.
    void add(Waiter& waiter) noexcept {
        waiter.queue_ = this;
        waiter.state_ = Waiter::State::waiting;
        list_.push_back(waiter);
        if (first_waiting_ == nullptr) {
            first_waiting_ = &waiter;
        }
    }
    void remove(Waiter& waiter) noexcept {
        if (first_waiting_ == &waiter) {
            first_waiting_ = list_.after(waiter);
        }
        list_.erase(waiter);
    }
    /// Wakes the first waiting task, which stays in the queue until it resumes.
    void grant_first() noexcept { wake_first(Waiter::State::granted); }
    /// Wakes all waiting tasks, which then check themselves whether there is anything for them.
    /// They stay in the queue as `turned_away` until they resume.
    void recall_all() noexcept {
        while (first_waiting_ != nullptr) {
            wake_first(Waiter::State::turned_away);
        }
    }
    /// Removes the first waiting task and wakes it with nothing to give back.
    void release_first(Waiter::State outcome) noexcept {
        Waiter& waiter = *first_waiting_;
        remove(waiter);
        waiter.state_ = outcome;
        waiter.task_->wake();
    }
    void release_all(Waiter::State outcome) noexcept {
        while (first_waiting_ != nullptr) {
            release_first(outcome);
        }
    }
    /// Removes the tasks that were woken but have not resumed; there is nothing for them any more.
    /// Returns how many there were.
    std::size_t turn_away_woken() noexcept;

    /// In debug mode, throws RuntimeError if waking a waiting task would touch another thread's
    /// loop.
    void require_own_thread(const char* owner) const {
        if (first_waiting_ != nullptr && loop_->debug) [[unlikely]] {
            require_running(owner);
        }
    }
    /// Throws RuntimeError if the queue belongs to a different loop than `loop`.
    void bind(LoopCore& loop, const char* owner) {
        if (loop_ != &loop) [[unlikely]] {
            bind_first(loop, owner);
        }
    }

private:
    void wake_first(Waiter::State outcome) noexcept {
        Waiter& waiter = *first_waiting_;
        first_waiting_ = list_.after(waiter);
        waiter.state_ = outcome;
        waiter.task_->wake();
    }
    void bind_first(LoopCore& loop, const char* owner);
    void require_running(const char* owner) const;
    void orphan_all() noexcept;

    engine::IntrusiveList<Waiter> list_;
    Waiter* first_waiting_ = nullptr; // the woken ones are before it
    LoopCore* loop_ = nullptr;
};

inline void Waiter::join_queue(WaitQueue& queue, TaskBase& task, const char* owner) {
    queue.bind(task.loop(), owner);
    task_ = &task;
    queue.add(*this);
}

inline void Waiter::leave_queue() noexcept { queue_->remove(*this); }

/// The tasks that wait for a Lock, and the task that holds it.
class LockQueue : public WaitQueue {
public:
    std::uint64_t holder = 0; ///< its id; not changed by a release
};

/// A Coro that makes an awaiter from `args` and awaits it. Awaiters convert to a Coro with it.
template <class A, class... Args> Coro<typename A::value_type> await_in_coro(Args... args) {
    A awaiter(static_cast<Args&&>(args)...);
    co_return co_await awaiter;
}

/// An operation that is complete when it is called. It can be awaited because Python's has to be.
class Done {
public:
    using hocket_awaitable = void;
    using value_type = void;

    bool await_ready() const noexcept { return true; }
    template <class P> void await_suspend(std::coroutine_handle<P>) const noexcept {}
    void await_resume() const noexcept {}
    operator Coro<void>() const; // NOLINT(google-explicit-constructor)
};

} // namespace hocket::detail
