#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace hocket {

/// Thrown at a `co_await` when the task was cancelled. Not a std::exception, so that
/// `catch (const std::exception&)` cannot swallow it; catch it by name, clean up, and rethrow.
class CancelledError {
public:
    CancelledError() = default;
    explicit CancelledError(std::string message) : message_(std::move(message)) {}

    /// What was passed to `cancel`; empty when nothing was.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
    std::string message_;
};

/// Ctrl-C. Like CancelledError not a std::exception: it is a wish to end the program, not a
/// failure.
class KeyboardInterrupt {};

/// A call that is not allowed where or when it was made.
class RuntimeError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An operation did not finish within the time it was given.
class TimeoutError : public std::runtime_error {
public:
    TimeoutError() : std::runtime_error("timed out") {}
    explicit TimeoutError(const std::string& what) : std::runtime_error(what) {}
};

/// A result was asked for, or set, at a moment at which there is, or may be, none.
class InvalidStateError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Python's ValueError: an argument outside of what is allowed.
class ValueError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// The kernel cannot send this file to this socket by itself, and sendfile was told not to fall
/// back to reading and writing.
class SendfileNotAvailableError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// Thrown by Barrier when it is reset or aborted, or was broken before.
class BrokenBarrierError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// Queue::get_nowait on an empty queue.
class QueueEmpty : public std::runtime_error {
public:
    QueueEmpty() : std::runtime_error("the queue is empty") {}
};

/// Queue::put_nowait on a full queue.
class QueueFull : public std::runtime_error {
public:
    QueueFull() : std::runtime_error("the queue is full") {}
};

/// Queue::put or get on a queue that was shut down.
class QueueShutDown : public std::runtime_error {
public:
    QueueShutDown() : std::runtime_error("the queue has been shut down") {}
};

/// The stream ended before what was asked for had come: Python's IncompleteReadError.
class IncompleteReadError : public std::runtime_error {
public:
    IncompleteReadError(std::string partial, std::optional<std::size_t> expected);

    /// What did come.
    [[nodiscard]] const std::string& partial() const noexcept { return partial_; }
    /// How many bytes were asked for; nothing when it was a separator.
    [[nodiscard]] std::optional<std::size_t> expected() const noexcept { return expected_; }

private:
    std::string partial_;
    std::optional<std::size_t> expected_;
};

/// Nobody is left at the other end of a pipe, and everything was received.
class EOFError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// StreamReader::readuntil would have returned more than the reader's limit. What came stays in the
/// reader: skip it with `readexactly(consumed())`, or read on differently.
class LimitOverrunError : public ValueError {
public:
    LimitOverrunError(const std::string& what, std::size_t consumed)
        : ValueError(what), consumed_(consumed) {}

    /// How many bytes there are before the separator, or for certain without one.
    [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

private:
    std::size_t consumed_;
};

/// An executor that can take no more work.
class BrokenExecutor : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// The process that did a piece of work ended before the work was done: it was killed, crashed, or
/// left by exit(). Only that piece of work is lost.
class WorkerDied : public RuntimeError {
public:
    WorkerDied(const std::string& what, int pid, int exitcode, std::string last_words)
        : RuntimeError(what), pid_(pid), exitcode_(exitcode), last_words_(std::move(last_words)) {}

    [[nodiscard]] int pid() const noexcept { return pid_; }
    /// What it passed to exit(), or minus the signal that ended it.
    [[nodiscard]] int exitcode() const noexcept { return exitcode_; }
    /// The end of what it wrote to stderr.
    [[nodiscard]] const std::string& last_words() const noexcept { return last_words_; }

private:
    int pid_;
    int exitcode_;
    std::string last_words_;
};

/// An exception that was thrown in another process and whose type cannot be rebuilt in this one:
/// see HOCKET_REMOTE_EXCEPTION. `what()` names the type, the message and the place, and shows the
/// stack.
class RemoteError : public RuntimeError {
public:
    RemoteError(std::string type_name, std::string message, std::string where,
                std::string stack = {});

    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    /// Which process threw it, in which function.
    [[nodiscard]] const std::string& where() const noexcept { return where_; }
    /// The stack on which it was thrown, innermost first: a line for each frame, with function,
    /// offset and module. Empty unless hocket was compiled without NDEBUG, and when the stack is
    /// not known, as of an exception_ptr that was made without a throw.
    [[nodiscard]] const std::string& stack() const noexcept { return stack_; }

private:
    std::string type_name_;
    std::string message_;
    std::string where_;
    std::string stack_;
};

} // namespace hocket
