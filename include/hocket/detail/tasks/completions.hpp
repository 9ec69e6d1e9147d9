#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <hocket/async_generator.hpp>
#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/engine/timer.hpp>
#include <hocket/task.hpp>

namespace hocket::detail {

/// Records the order in which tasks complete, from its construction on; as_completed is built on
/// it. `co_await completions` yields the index of the next task that completes, or throws
/// TimeoutError if the time runs out first.
class Completions final : public engine::Timer {
public:
    using hocket_awaitable = void;

    Completions(std::vector<AnyTask> tasks, std::optional<std::chrono::nanoseconds> timeout);
    ~Completions();

    /// Whether all completions have been awaited.
    [[nodiscard]] bool exhausted() const noexcept { return taken_ == tasks_.size(); }

    bool await_ready() const noexcept { return taken_ < order_.size() || out_of_time_; }
    template <class P> void await_suspend(std::coroutine_handle<P> caller) noexcept {
        task_ = resumed_ = caller.promise().task;
        task_->suspend(caller.promise(), *this);
    }
    std::size_t await_resume();

private:
    struct Link final : CompletionWaiter {
        void on_done(TaskBase&) noexcept override { completions->one_done(*this); }
        TaskBase* awaiting_task() const noexcept override { return completions->task_; }
        Completions* completions = nullptr;
    };

    bool cancel(std::string_view message) noexcept override;
    void expire() noexcept override;
    void one_done(const Link& link) noexcept;
    void disarm() noexcept;
    void wake() noexcept;

    std::vector<AnyTask> tasks_;
    std::unique_ptr<Link[]> links_;
    std::vector<std::size_t> order_; // indices of the tasks that are done
    std::size_t taken_ = 0;
    bool out_of_time_ = false;
    LoopCore& loop_;
    TaskBase* task_ = nullptr;    // the awaiting task while it is suspended
    TaskBase* resumed_ = nullptr; // the same, until await_resume has checked it for cancellation
};

template <class T>
AsyncGenerator<Task<T>> in_order_of_completion(std::vector<Task<T>> tasks,
                                               std::unique_ptr<Completions> completions) {
    while (!completions->exhausted()) {
        const std::size_t index = co_await *completions;
        co_yield tasks[index];
    }
}

} // namespace hocket::detail
