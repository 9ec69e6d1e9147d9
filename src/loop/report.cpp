#include "loop/report.hpp"

#include <exception>
#include <iostream>
#include <mutex>
#include <string>

#include <hocket/detail/loop/promise_base.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/exception_group.hpp>

#include "engine/format_seconds.hpp"
#include "loop/describe_place.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/fork_safe_mutex.hpp"
#include "loop/interrupt_loop.hpp"

namespace hocket {

namespace {

// One report at a time, so that lines from several threads are not mixed.
detail::ForkSafeMutex report_mutex;

void write_report(const std::string& text) noexcept {
    const std::scoped_lock lock(report_mutex);
    std::cerr << text << std::flush;
}

} // namespace

namespace detail {

void report_exception(LoopCore& loop, std::string_view message, const std::exception_ptr& error,
                      TaskBase* task) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const KeyboardInterrupt&) {
        interrupt_loop(error);
        return;
    } catch (...) {
    }
    ExceptionContext context;
    context.message = message;
    context.exception = error;
    if (task != nullptr) {
        task->ref();
        context.task = AnyTask(TaskPointer<TaskBase>(task));
        context.created_at = task->created_at();
    }
    loop.loop->call_exception_handler(context);
}

void cancel_or_report(TaskBase& task) noexcept {
    try {
        task.cancel({});
    } catch (...) {
        report_exception(task.loop(), "a task cannot be cancelled", std::current_exception(),
                         &task);
    }
}

void report_never_retrieved(TaskBase& task, const std::exception_ptr& error) noexcept {
    // No handle may be made to a task that is being destroyed, so only its description is passed
    // on.
    ExceptionContext context;
    context.message = "the exception of " + task.describe() + " was never retrieved";
    context.exception = error;
    context.created_at = task.created_at();
    if (const LoopCore* core = running_core()) {
        core->loop->call_exception_handler(context);
    } else {
        report_thread_exception(context.message, error);
    }
}

void report_thread_exception(std::string_view message, const std::exception_ptr& error) noexcept {
    write_report("hocket: " + std::string(message) + ": " + describe_exception(error) + '\n');
}

void report_destroyed_pending(TaskBase& task) noexcept {
    write_report("hocket: " + task.describe() + " was destroyed but it is pending, at " +
                 describe_place(task.waiting_at()) + '\n');
}

void report_never_awaited(const PromiseBase& promise) noexcept {
    write_report("hocket: the coroutine '" + std::string(promise.where.function_name()) +
                 "' was never awaited (defined at " + describe_place(promise.where) + ")\n");
}

void report_slow(std::string_view what, std::chrono::nanoseconds took) noexcept {
    write_report("hocket: executing " + std::string(what) + " took " +
                 engine::format_seconds(took) + '\n');
}

} // namespace detail

void EventLoop::call_exception_handler(const ExceptionContext& context) noexcept {
    if (!state_->exception_handler) {
        default_exception_handler(context);
        return;
    }
    try {
        state_->exception_handler(*this, context);
    } catch (...) {
        default_exception_handler({"unhandled error in the exception handler",
                                   std::current_exception(), context.task, context.created_at});
        default_exception_handler(context);
    }
}

void EventLoop::default_exception_handler(const ExceptionContext& context) noexcept {
    std::string text = "hocket: " + context.message;
    if (context.exception) {
        text += ": " + describe_exception(context.exception);
    }
    text += '\n';
    if (context.task) {
        text += "  in " + context.task.state().describe() + '\n';
    }
    write_report(text);
}

} // namespace hocket
