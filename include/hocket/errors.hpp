#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace hocket {

/// Thrown at a `co_await` when the task was cancelled. It is not a std::exception, so that
/// `catch (const std::exception&)` cannot swallow it. Catch it by name to clean up, then rethrow
/// it.
class CancelledError {
public:
    CancelledError() = default;
    explicit CancelledError(std::string message) : message_(std::move(message)) {}

    /// The message passed to `cancel`; empty if there was none.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

private:
    std::string message_;
};

/// Thrown when the user pressed Ctrl-C. Like CancelledError it is not a std::exception: it is a
/// request to end the program, not a failure.
class KeyboardInterrupt {};

/// Thrown by a call that is not allowed in the current state or on the current thread.
class RuntimeError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown when an operation did not finish in time.
class TimeoutError : public std::runtime_error {
public:
    TimeoutError() : std::runtime_error("timed out") {}
    explicit TimeoutError(const std::string& what) : std::runtime_error(what) {}
};

/// Thrown when a result is read before it is available, or set when one cannot be set.
class InvalidStateError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown for an argument that is out of range or malformed: Python's ValueError.
class ValueError : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// Thrown when the kernel cannot send this file to this socket directly and sendfile was called
/// without permission to fall back to reading and writing.
class SendfileNotAvailableError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// Thrown by the waits of a barrier that is broken, or that is reset or aborted during the wait.
class BrokenBarrierError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// Thrown by Queue::get_nowait on an empty queue.
class QueueEmpty : public std::runtime_error {
public:
    QueueEmpty() : std::runtime_error("the queue is empty") {}
};

/// Thrown by Queue::put_nowait on a full queue.
class QueueFull : public std::runtime_error {
public:
    QueueFull() : std::runtime_error("the queue is full") {}
};

/// Thrown by Queue::put and get on a queue that has been shut down.
class QueueShutDown : public std::runtime_error {
public:
    QueueShutDown() : std::runtime_error("the queue has been shut down") {}
};

/// Thrown when a stream ended before the requested data arrived: Python's IncompleteReadError.
class IncompleteReadError : public std::runtime_error {
public:
    IncompleteReadError(std::string partial, std::optional<std::size_t> expected);

    /// The data that did arrive.
    [[nodiscard]] const std::string& partial() const noexcept { return partial_; }
    /// The number of bytes requested; empty if the read was for a separator.
    [[nodiscard]] std::optional<std::size_t> expected() const noexcept { return expected_; }

private:
    std::string partial_;
    std::optional<std::size_t> expected_;
};

/// Thrown when everything has been received and the other end of a pipe is closed in all processes.
class EOFError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown when StreamReader::readuntil would have returned more than the reader's limit. The data
/// stays in the reader: skip it with `readexactly(consumed())`, or read it in another way.
class LimitOverrunError : public ValueError {
public:
    LimitOverrunError(const std::string& what, std::size_t consumed)
        : ValueError(what), consumed_(consumed) {}

    /// The number of bytes before the separator. If the separator has not been found, the number of
    /// bytes that are certain to precede it.
    [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

private:
    std::size_t consumed_;
};

/// Thrown by an executor that cannot accept any more work.
class BrokenExecutor : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
};

/// Thrown when the process running a piece of work ended before the work was done because it was
/// killed, crashed or called exit(). Only that piece of work is lost.
class WorkerDied : public RuntimeError {
public:
    WorkerDied(const std::string& what, int pid, int exitcode, std::string last_words)
        : RuntimeError(what), pid_(pid), exitcode_(exitcode), last_words_(std::move(last_words)) {}

    [[nodiscard]] int pid() const noexcept { return pid_; }
    /// The value it passed to exit(), or the negative number of the signal that ended it.
    [[nodiscard]] int exitcode() const noexcept { return exitcode_; }
    /// The last part of its output on stderr.
    [[nodiscard]] const std::string& last_words() const noexcept { return last_words_; }

private:
    int pid_;
    int exitcode_;
    std::string last_words_;
};

/// Thrown in place of an exception from another process whose type cannot be rebuilt in this one;
/// see HOCKET_REMOTE_EXCEPTION. `what()` contains the type, the message, the place and the stack.
class RemoteError : public RuntimeError {
public:
    RemoteError(std::string type_name, std::string message, std::string where,
                std::string stack = {});

    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }
    /// The process and the function in which it was thrown.
    [[nodiscard]] const std::string& where() const noexcept { return where_; }
    /// The stack at the point of the throw, innermost frame first, one line per frame with
    /// function, offset and module. Empty unless hocket was compiled without NDEBUG. Also empty if
    /// the stack is not known, as for an exception_ptr that was created without a throw.
    [[nodiscard]] const std::string& stack() const noexcept { return stack_; }

private:
    std::string type_name_;
    std::string message_;
    std::string where_;
    std::string stack_;
};

} // namespace hocket
