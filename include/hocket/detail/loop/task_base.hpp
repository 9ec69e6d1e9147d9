#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/detail/loop/context_data.hpp>
#include <hocket/detail/loop/frame_alloc.hpp>
#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/engine/intrusive_list.hpp>
#include <hocket/engine/operation.hpp>
#include <hocket/engine/ready_queue.hpp>
#include <hocket/engine/ref_ptr.hpp>

namespace hocket::detail {

class PromiseBase;
class TaskBase;
struct UnstartedDeleter;

/// Is notified once when a task is done. Waiters are notified in the order in which they were
/// added.
class CompletionWaiter : public engine::ListLink {
public:
    virtual void on_done(TaskBase& task) noexcept = 0;
    /// Called instead of on_done if the task is destroyed before it is done.
    virtual void discard() noexcept {}
    /// The waiting task, for the tree that shows which task awaits which; nullptr for a callback.
    [[nodiscard]] virtual TaskBase* awaiting_task() const noexcept { return nullptr; }

protected:
    ~CompletionWaiter() = default;
};

/// A coroutine that the loop runs: the part of a task that does not depend on its result's type.
/// Reference-counted: the loop holds one reference until the task is done, its handles hold the
/// others. Only for the loop's thread, except for `ref`, `unref`, `done` and `cancel`.
class TaskBase : public engine::Runnable, public engine::ListLink {
public:
    enum class State : std::uint8_t { pending, finished, failed, cancelled };

    TaskBase(LoopCore& loop, std::source_location created_at);

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* memory, std::size_t size) noexcept {
        free_frame(memory, size);
    }

    void ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void unref() noexcept {
        if (references_.load(std::memory_order_acquire) == 1 ||
            references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            destroy();
        }
    }

    /// Takes over the coroutine. The first step runs in the next turn, or now if `eager`.
    void start(PromiseBase& root, bool eager);

    // Awaiters suspend and wake the task with these.
    void suspend(PromiseBase& leaf, Operation& operation) noexcept {
        leaf_ = &leaf;
        waiting_on_ = &operation;
    }
    /// Suspends the task for one turn of the loop, without waiting for an operation.
    void yield(PromiseBase& leaf) noexcept {
        leaf_ = &leaf;
        loop_->ready->push(*this);
    }
    void wake() noexcept {
        waiting_on_ = nullptr;
        loop_->ready->push(*this);
    }
    /// Undoes a `suspend`, because the operation turned out to be complete.
    void unsuspend() noexcept { waiting_on_ = nullptr; }
    /// Wakes the task with a CancelledError.
    void interrupt() noexcept {
        flags_ |= interrupted;
        wake();
    }
    /// Called by every awaiter when the task resumes after a suspension. If it returns true, the
    /// awaiter must give up the operation's outcome and call `throw_cancelled`.
    [[nodiscard]] bool take_cancellation() noexcept {
        if ((flags_ & (interrupted | must_cancel)) == 0) [[likely]] {
            return false;
        }
        flags_ &= static_cast<std::uint8_t>(~(interrupted | must_cancel));
        return true;
    }
    [[noreturn]] void throw_cancelled();
    void throw_if_cancelled() {
        if (take_cancellation()) [[unlikely]] {
            throw_cancelled();
        }
    }

    // The task's handles use these.
    [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
    [[nodiscard]] bool done() const noexcept { return state() != State::pending; }
    /// Throws RuntimeError if this task and tasks it awaits form a cycle.
    bool cancel(std::string_view message);
    /// Called by an operation that waits for this task and is being cancelled: cancels the task as
    /// part of the same cancel(). Returns false if the task is done.
    bool pass_on_cancel();
    int uncancel() noexcept;
    [[nodiscard]] int cancelling() const noexcept { return cancels_; }
    [[nodiscard]] std::string name() const;
    void set_name(std::string name);
    /// Empty if the task has its default name.
    [[nodiscard]] std::string_view given_name() const noexcept {
        return extras_ ? std::string_view(extras_->name) : std::string_view();
    }
    /// N of "Task-N", unique in the process.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] std::source_location created_at() const noexcept { return created_at_; }
    void set_created_at(std::source_location place) noexcept { created_at_ = place; }
    [[nodiscard]] std::source_location waiting_at() const noexcept;
    void print_stack(std::ostream& out) const;
    [[nodiscard]] std::string describe() const;
    [[nodiscard]] LoopCore& loop() const noexcept { return *loop_; }
    [[nodiscard]] const Operation* waiting_on() const noexcept { return waiting_on_; }

    /// The exception of a failed or cancelled task, nullptr otherwise; counts as retrieved.
    [[nodiscard]] std::exception_ptr error() noexcept;
    /// Marks the exception as retrieved, so that it is not reported.
    void mark_retrieved() noexcept { flags_ |= retrieved; }

    void add_waiter(CompletionWaiter& waiter) noexcept { waiters_.push_back(waiter); }
    void remove_waiter(CompletionWaiter& waiter) noexcept { waiters_.erase(waiter); }
    [[nodiscard]] engine::IntrusiveList<CompletionWaiter>& waiters() noexcept { return waiters_; }
    [[nodiscard]] const engine::IntrusiveList<CompletionWaiter>& waiters() const noexcept {
        return waiters_;
    }

    [[nodiscard]] ContextValues* context_values() const noexcept {
        return extras_ ? extras_->context.get() : nullptr;
    }
    ContextPointer& context() { return extras().context; }

    // CancelWalk uses these.
    void cancel_here(std::string_view message);
    bool cancel_operation(std::string_view message) { return waiting_on_->cancel(message); }
    [[nodiscard]] bool is_being_cancelled() const noexcept {
        return (flags_ & being_cancelled) != 0;
    }
    void set_being_cancelled(bool on) noexcept {
        flags_ =
            static_cast<std::uint8_t>(on ? flags_ | being_cancelled : flags_ & ~being_cancelled);
    }

    /// Destroys the coroutine of a task that will never run again because its loop is being closed.
    void abandon() noexcept;

    void run() noexcept override;
    [[nodiscard]] std::uint64_t task_id() const noexcept override { return id_; }

protected:
    friend UnstartedDeleter;
    virtual ~TaskBase();

    /// Moves the value out of `root`.
    virtual void collect(PromiseBase& root) = 0;
    /// Destroys the value that `collect` moved out.
    virtual void drop_result() noexcept = 0;
    /// For a task that has no value: throws the error that ended it, or InvalidStateError.
    [[noreturn]] void throw_outcome();

private:
    enum Flag : std::uint8_t {
        interrupted = 1, // the operation was cancelled: CancelledError on resumption
        must_cancel = 2, // cancel() found no operation: the same, unless uncancelled
        started = 4,
        retrieved = 8,
        report_unretrieved = 16,
        being_cancelled = 32, // on the path of a CancelWalk
    };

    struct Extras {
        std::string name;
        std::string cancel_message;
        ContextPointer context;
    };
    Extras& extras();

    void trace_creation() const noexcept;
    void destroy() noexcept;
    void cancel_itself() noexcept;
    void finish_coroutine() noexcept;
    void finish(State how, std::exception_ptr error) noexcept;
    void set_outcome(State how, std::exception_ptr error) noexcept;
    [[nodiscard]] std::exception_ptr make_cancelled();
    [[nodiscard]] bool has_error() const noexcept { return state() > State::finished; }

    std::atomic<std::uint32_t> references_{2};
    std::atomic<State> state_{State::pending};
    std::uint8_t flags_ = 0;
    std::uint16_t cancels_ = 0;
    LoopCore* loop_;
    union {                        // every field matters with a million suspended tasks
        PromiseBase* root_;        // while pending
        std::exception_ptr error_; // when failed or cancelled
    };
    PromiseBase* leaf_ = nullptr;
    Operation* waiting_on_ = nullptr;
    engine::IntrusiveList<CompletionWaiter> waiters_;
    std::source_location created_at_;
    std::uint64_t id_;
    std::unique_ptr<Extras> extras_; // most tasks have none
};

/// Deletes a task that was never handed a coroutine.
struct UnstartedDeleter {
    void operator()(TaskBase* task) const noexcept { delete task; }
};

template <class TaskType> using TaskPointer = engine::RefPtr<TaskType>;

} // namespace hocket::detail
