#pragma once

#include <chrono>
#include <exception>
#include <string_view>

namespace hocket::detail {

class TaskBase;
struct LoopCore;

/// A task failed, and its last handle was destroyed before the exception was retrieved.
void report_never_retrieved(TaskBase& task, const std::exception_ptr& error) noexcept;

/// A loop is closed while a task is not done.
void report_destroyed_pending(TaskBase& task) noexcept;

/// Passes `error` to the loop's exception handler; a KeyboardInterrupt ends the loop's run.
void report_exception(LoopCore& loop, std::string_view message, const std::exception_ptr& error,
                      TaskBase* task = nullptr) noexcept;

/// Cancels `task`; call it on its loop's thread. If that fails because the task is part of a cycle
/// of tasks that await each other, reports the error.
void cancel_or_report(TaskBase& task) noexcept;

/// Reports an exception on a thread that runs no loop on stderr.
void report_thread_exception(std::string_view message, const std::exception_ptr& error) noexcept;

/// In debug mode, reports a step or callback that blocked the loop for too long.
void report_slow(std::string_view what, std::chrono::nanoseconds took) noexcept;

} // namespace hocket::detail
