#pragma once

#include <concepts>
#include <functional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/task_base.hpp>

namespace hocket {

template <class T = void> class Task;
struct TaskOptions;

namespace detail {

[[noreturn]] void throw_not_done(const TaskBase& task);

/// A task with its result. (TaskBase stores its exception.)
template <class T> class TaskState : public TaskBase {
public:
    using TaskBase::TaskBase;

    /// Returns a copy of the value (moves it out if it cannot be copied) or throws the error that
    /// ended the task. Throws InvalidStateError if the task is not done.
    T result() {
        if (state() != State::finished) [[unlikely]] {
            throw_outcome();
        }
        if constexpr (!std::is_void_v<T>) {
            return result_.get(ResultState::value);
        }
    }

    /// Like result, but moves the value out. For the holder of the only handle.
    T take() {
        if (state() != State::finished) [[unlikely]] {
            throw_outcome();
        }
        if constexpr (!std::is_void_v<T>) {
            return result_.take(ResultState::value);
        }
    }

protected:
    ~TaskState() override {
        if (state() == State::finished) {
            drop_result();
        }
    }

    void collect(PromiseBase& root) override {
        auto& promise = static_cast<CoroPromise<T>&>(root);
        if constexpr (std::is_void_v<T>) {
            promise.take();
        } else {
            result_.set_value(promise.take());
        }
    }
    void drop_result() noexcept override {
        if constexpr (!std::is_void_v<T>) {
            result_.clear(ResultState::value);
        }
    }

private:
    struct Nothing {};
    [[no_unique_address]] std::conditional_t<std::is_void_v<T>, Nothing, ResultStorage<T>> result_;
};

/// A task that keeps the callable and the arguments, to which its coroutine may refer.
template <class T, class F, class... Args> class KeptTaskState final : public TaskState<T> {
public:
    template <class G, class... Given>
    KeptTaskState(LoopCore& loop, std::source_location place, G&& function, Given&&... arguments)
        : TaskState<T>(loop, place),
          function_(std::forward<G>(function)),
          arguments_(std::forward<Given>(arguments)...) {}

    Coro<T> call() {
        return std::apply(
            [this](Args&... arguments) { return std::invoke(function_, std::move(arguments)...); },
            arguments_);
    }

private:
    F function_;
    std::tuple<Args...> arguments_;
};

/// Awaits a task. Cancelling the awaiter cancels the awaited task.
class TaskAwaiterBase : public Operation, public CompletionWaiter {
public:
    explicit TaskAwaiterBase(TaskBase& awaited) noexcept : awaited_(awaited) {}

    bool await_ready() const noexcept { return awaited_.done(); }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        require_awaitable(*task_, awaited_);
        awaited_.add_waiter(*this);
        task_->suspend(caller.promise(), *this);
    }

    bool cancel(std::string_view message) noexcept override {
        static_cast<void>(message);
        awaited_.pass_on_cancel();
        return true;
    }
    void on_done(TaskBase&) noexcept override { task_->wake(); }
    TaskBase* awaiting_task() const noexcept override { return task_; }
    [[nodiscard]] WaitReason reason() const noexcept override {
        return {.what = "task", .task = awaited_.id()};
    }

protected:
    void finish() {
        if (task_ != nullptr && task_->take_cancellation()) [[unlikely]] {
            if (awaited_.done()) {
                awaited_.mark_retrieved(); // it ended in the turn in which this wait was cancelled
            }
            task_->throw_cancelled();
        }
    }
    /// Ends the wait with a CancelledError and leaves the awaited task alone.
    void stop_waiting() noexcept {
        if (is_linked()) { // false if the loop is being closed
            awaited_.remove_waiter(*this);
        }
        task_->interrupt();
    }

    TaskBase& awaited_;

private:
    /// Throws RuntimeError if `awaited` is `task` itself or runs on another loop.
    static void require_awaitable(const TaskBase& task, const TaskBase& awaited);

    TaskBase* task_ = nullptr;
};

template <class T> class TaskAwaiter final : public TaskAwaiterBase {
public:
    explicit TaskAwaiter(TaskState<T>& awaited) noexcept : TaskAwaiterBase(awaited) {}
    T await_resume() {
        finish();
        return static_cast<TaskState<T>&>(awaited_).result();
    }
};

template <class F, class... Args>
using CallResult = std::invoke_result_t<std::decay_t<F>&, std::decay_t<Args>...>;

template <class C> inline constexpr bool is_coro = false;
template <class T> inline constexpr bool is_coro<Coro<T>> = true;
template <class C> inline constexpr bool is_coro<MadeOfTemporary<C>> = is_coro<C>;

/// A callable that returns a Coro when it is called with (decayed copies of) the arguments.
template <class F, class... Args>
concept CoroFunction =
    std::invocable<std::decay_t<F>&, std::decay_t<Args>...> && is_coro<CallResult<F, Args...>>;

template <class F, class... Args> using CoroValue = typename CallResult<F, Args...>::value_type;

} // namespace detail
} // namespace hocket
