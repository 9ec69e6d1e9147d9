#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/engine/timer.hpp>
#include <hocket/task.hpp>

namespace hocket::detail {

/// Throws ValueError unless all tasks belong to the running loop.
void require_running_loop(std::span<const AnyTask> tasks);

/// Waits for several tasks at once; used by gather, wait and a closing loop. Watches the tasks from
/// its construction on; they must outlive it. Can be awaited once, which throws only
/// CancelledError: the caller has to check the tasks' outcomes.
class Join final : public engine::Timer {
public:
    using hocket_awaitable = void;

    enum class Until {
        all_done,
        first_done,
        first_failed,    ///< by an exception
        first_unfinished ///< by an exception, or cancelled
    };
    /// What happens to the tasks if the waiting task is cancelled. `leave`: nothing, and the wait
    /// ends at once. `pass_on`: they are cancelled too, and the wait continues until they have
    /// ended.
    enum class OnCancel { leave, pass_on };

    Join(std::span<const AnyTask> tasks, Until until, OnCancel on_cancel = OnCancel::leave);
    ~Join();

    /// Ends the wait after `timeout` nanoseconds, even if tasks are not done.
    void set_timeout(engine::Nanoseconds timeout) noexcept { timeout_ = timeout; }

    /// The task that ended the wait before all were done; nullptr if there is none.
    [[nodiscard]] TaskBase* decisive() const noexcept { return decisive_; }
    /// Marks the tasks' exceptions, present and future, as retrieved, so that they are not
    /// reported.
    void mark_retrieved() noexcept;

    bool await_ready() const noexcept { return satisfied_; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) {
        task_ = caller.promise().task;
        arm();
        task_->suspend(caller.promise(), *this);
    }
    void await_resume();
    [[nodiscard]] WaitReason reason() const noexcept override { return {.what = "tasks"}; }

private:
    struct Link final : CompletionWaiter {
        void on_done(TaskBase& task) noexcept override { join->one_done(task); }
        TaskBase* awaiting_task() const noexcept override { return join->task_; }
        Join* join = nullptr;
        TaskBase* task = nullptr;
    };

    bool cancel(std::string_view message) noexcept override;
    void expire() noexcept override;
    void arm();
    void disarm() noexcept;
    void unlink() noexcept;
    void one_done(TaskBase& task) noexcept;
    void satisfy() noexcept;

    std::unique_ptr<Link[]> links_;
    std::size_t count_ = 0;
    std::size_t pending_ = 0;
    Until until_;
    OnCancel on_cancel_;
    bool satisfied_ = false;
    bool passed_on_ = false; // the tasks were cancelled on behalf of the waiting one
    TaskBase* decisive_ = nullptr;
    engine::Nanoseconds timeout_ = -1;
    TaskBase* task_ = nullptr; // the waiting one
};

} // namespace hocket::detail
