#include <hocket/run.hpp>

#include <csignal>
#include <cstring>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <hocket/detail/loop/join.hpp>
#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/report.hpp"

namespace hocket {

namespace detail {

bool debug_by_environment() {
    const char* value = std::getenv("HOCKET_DEBUG");
    return value != nullptr && std::string_view(value) != "" && std::string_view(value) != "0";
}

namespace {

bool on_main_thread() noexcept { return ::getpid() == ::gettid(); }

bool has_default_handler(int signal) noexcept {
    struct sigaction action {};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_DFL;
}

/// While it lives, the first Ctrl-C cancels a task, and the second ends the loop's run.
class InterruptScope {
public:
    InterruptScope(EventLoop& loop, const AnyTask& main) : loop_(loop) {
        if (!on_main_thread() || !has_default_handler(SIGINT)) {
            return;
        }
        loop_.add_signal_handler(SIGINT, [this, main] { on_interrupt(main); });
        active_ = true;
    }
    ~InterruptScope() {
        if (active_) {
            loop_.remove_signal_handler(SIGINT);
        }
    }
    InterruptScope(const InterruptScope&) = delete;
    InterruptScope& operator=(const InterruptScope&) = delete;

    [[nodiscard]] bool interrupted() const noexcept { return count_ > 0; }

private:
    void on_interrupt(AnyTask main) {
        ++count_;
        if (count_ == 1 && !main.done()) {
            main.cancel();
            return;
        }
        // The next Ctrl-C has its default effect, so that a loop that hangs can still be ended.
        loop_.remove_signal_handler(SIGINT);
        active_ = false;
        throw KeyboardInterrupt();
    }

    EventLoop& loop_;
    bool active_ = false;
    int count_ = 0;
};

Coro<> wait_for_all(std::vector<AnyTask> tasks) {
    Join join(tasks, Join::Until::all_done);
    co_await join;
}

bool is_awaited_by_a_task(TaskBase& task) noexcept {
    auto& waiters = task.waiters();
    for (auto* waiter = waiters.front(); waiter != nullptr; waiter = waiters.after(*waiter)) {
        if (waiter->awaiting_task() != nullptr) {
            return true;
        }
    }
    return false;
}

/// Cancels each task, except those that were already cancelled with another one: otherwise the time
/// for a chain of tasks would grow with the square of its length.
void cancel_each(std::vector<AnyTask>& tasks) {
    std::vector<int> before;
    before.reserve(tasks.size());
    for (const AnyTask& task : tasks) {
        before.push_back(task.cancelling());
    }
    for (const bool awaited : {false, true}) {
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            if (tasks[i].cancelling() == before[i] &&
                is_awaited_by_a_task(tasks[i].state()) == awaited) {
                tasks[i].cancel();
            }
        }
    }
}

/// Cancels the remaining tasks and runs the loop until they have ended.
void cancel_all(EventLoop& loop) {
    std::vector<AnyTask> left;
    for (TaskBase* task = loop.core().tasks.front(); task != nullptr;
         task = loop.core().tasks.after(*task)) {
        task->ref();
        left.emplace_back(TaskPointer<TaskBase>(task));
    }
    if (left.empty()) {
        return;
    }
    loop.run_until_complete([](std::vector<AnyTask> tasks) -> Coro<> {
        cancel_each(tasks);
        co_await wait_for_all(tasks);
    }(left));
    for (const AnyTask& task : left) {
        const std::exception_ptr error = task.state().error();
        if (error && !task.cancelled()) {
            loop.call_exception_handler(
                {"unhandled exception in a task that was cancelled when the loop ended", error,
                 task, task.created_at()});
        }
    }
}

} // namespace

// asyncio's THREAD_JOIN_TIMEOUT.
constexpr std::chrono::minutes executor_shutdown_timeout(5);

void close_loop(EventLoop& loop) {
    cancel_all(loop);
    loop.run_until_complete(loop.shutdown_default_executor(executor_shutdown_timeout));
    loop.close();
}

} // namespace detail

Runner::Runner(const RunOptions& options) : options_(options) {}

Runner::~Runner() {
    try {
        close();
    } catch (...) {
        detail::report_exception(loop_->core(), "error while closing a Runner",
                                 std::current_exception());
    }
}

EventLoop& Runner::loop() {
    if (closed_) {
        throw RuntimeError("this Runner is closed");
    }
    if (!loop_) {
        loop_ = std::make_unique<EventLoop>(options_.name);
        loop_->set_debug(options_.debug);
        context_ = copy_context();
    }
    return *loop_;
}

void Runner::require_no_running_loop() {
    if (detail::running_core() != nullptr) {
        throw RuntimeError("hocket::run cannot be called from a running event loop: co_await the "
                           "coroutine instead");
    }
}

namespace {

/// Saves a task's context, including the values it has set, when the task is done.
class KeepContext {
public:
    KeepContext(const AnyTask& task, Context& into) : task_(task), into_(into) {}
    ~KeepContext() { into_ = Context(task_.state().context()); }
    KeepContext(const KeepContext&) = delete;
    KeepContext& operator=(const KeepContext&) = delete;

private:
    const AnyTask& task_;
    Context& into_;
};

} // namespace

void Runner::run_task(const AnyTask& task, Context& context) {
    const KeepContext keep(task, context);
    const detail::InterruptScope interrupts(*loop_, task);
    loop_->run_until_done(task);
    if (interrupts.interrupted() && task.cancelled() && task.state().uncancel() == 0) {
        throw KeyboardInterrupt();
    }
}

void Runner::close() {
    if (closed_) {
        return;
    }
    closed_ = true;
    if (!loop_) {
        return;
    }
    detail::close_loop(*loop_);
}

} // namespace hocket
