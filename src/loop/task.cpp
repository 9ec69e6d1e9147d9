#include <hocket/task.hpp>

#include "loop/context_scope.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"
#include "loop/step_timer.hpp"

namespace hocket {

namespace detail {
namespace {

/// A done callback. It waits for its task and is then put into the ready queue.
class DoneCallback final : public CompletionWaiter, public engine::Runnable {
public:
    DoneCallback(LoopCore& loop, std::function<void()> callback)
        : id(++last_id),
          loop_(loop),
          context_(copy_current_context()),
          callback_(std::move(callback)) {}

    void on_done(TaskBase& task) noexcept override {
        task.ref(); // the callback gets a handle to it
        task_ = TaskPointer<TaskBase>(&task);
        loop_.ready->push(*this);
    }
    void run() noexcept override {
        StepTimer::describe(loop_,
                            [this] { return "<done callback of " + task_->describe() + ">"; });
        const ContextScope scope(&context_);
        try {
            callback_();
        } catch (...) {
            report_exception(loop_, "exception in a task's done callback", std::current_exception(),
                             task_.get());
        }
        delete this;
    }
    void discard() noexcept override { delete this; }

    const std::uint64_t id;

private:
    static thread_local std::uint64_t last_id;
    LoopCore& loop_;
    ContextPointer context_;
    TaskPointer<TaskBase> task_;
    std::function<void()> callback_;
};

thread_local std::uint64_t DoneCallback::last_id = 0;

AnyTask handle_of(TaskBase* task) {
    task->ref();
    return AnyTask(TaskPointer<TaskBase>(task));
}

} // namespace
} // namespace detail

std::exception_ptr AnyTask::exception() const {
    detail::TaskBase& task = state();
    if (!task.done()) {
        detail::throw_not_done(task);
    }
    const std::exception_ptr error = task.error();
    if (task.state() == detail::TaskBase::State::cancelled) {
        std::rethrow_exception(error);
    }
    return error;
}

std::uint64_t AnyTask::add_callback(std::function<void()> callback) const {
    detail::TaskBase& task = state();
    auto* node = new detail::DoneCallback(task.loop(), std::move(callback));
    const std::uint64_t id = node->id;
    if (task.done()) {
        node->on_done(task);
    } else {
        task.add_waiter(*node);
    }
    return id;
}

bool AnyTask::remove_done_callback(std::uint64_t id) const {
    auto& waiters = state().waiters();
    for (auto* waiter = waiters.front(); waiter != nullptr; waiter = waiters.after(*waiter)) {
        auto* callback = dynamic_cast<detail::DoneCallback*>(waiter);
        if (callback != nullptr && callback->id == id) {
            waiters.erase(*waiter);
            delete callback;
            return true;
        }
    }
    return false;
}

AnyTask current_task() {
    const detail::LoopCore* core = detail::running_core();
    return core == nullptr || core->current == nullptr ? AnyTask()
                                                       : detail::handle_of(core->current);
}

std::vector<AnyTask> all_tasks() {
    const auto& tasks = detail::require_running_core().tasks;
    std::vector<AnyTask> result;
    for (auto* task = tasks.front(); task != nullptr; task = tasks.after(*task)) {
        result.push_back(detail::handle_of(task));
    }
    return result;
}

} // namespace hocket
