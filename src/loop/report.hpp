#pragma once

#include <chrono>
#include <exception>
#include <string_view>

namespace hocket::detail {

class TaskBase;
struct LoopCore;

/// A task failed, and its last handle is gone without anybody having looked at the exception.
void report_never_retrieved(TaskBase& task, const std::exception_ptr& error) noexcept;

/// A loop is closed over a task that still runs.
void report_destroyed_pending(TaskBase& task) noexcept;

/// Hands `error` to the loop's exception handler; a KeyboardInterrupt ends the loop's run.
void report_exception(LoopCore& loop, std::string_view message, const std::exception_ptr& error,
                      TaskBase* task = nullptr) noexcept;

/// Cancels `task`, on its loop's thread. Reports that it cannot be: it is one of a circle of tasks
/// that await each other.
void cancel_or_report(TaskBase& task) noexcept;

/// An exception on a thread that runs no loop: goes to stderr.
void report_thread_exception(std::string_view message, const std::exception_ptr& error) noexcept;

/// In debug mode: a step or callback that kept the loop from everything else.
void report_slow(std::string_view what, std::chrono::nanoseconds took) noexcept;

} // namespace hocket::detail
