#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/coro.hpp>
#include <hocket/cpu_count.hpp>
#include <hocket/detail/loop/callback.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/processes/calls/remote_callee.hpp>
#include <hocket/start_method.hpp>

namespace hocket {

/// Options of a Process: its name, how it is started, and what happens to it at the end.
struct ProcessOptions {
    std::string name = {}; ///< used in reports; default: "Process-1", "Process-2" …
    bool daemon = false;   ///< the destructor terminates a daemon, and waits for any other process
    StartMethod start_method = StartMethod::spawn; ///< Python's `get_context(start_method).Process`
};

class ProcessHandle;
[[nodiscard]] std::vector<ProcessHandle> active_children();

namespace detail {

class ChildProcess; // src/processes/start/child_process.hpp

/// The function call that a new process runs.
struct ProcessCall {
    PortableFunction thunk;
    std::string arguments;
    Descriptors descriptors;
};

template <class F, class... Args>
ProcessCall make_process_call(const F& function, const Args&... args) {
    ProcessCall call;
    GatherBuffer buffer;
    const RemoteCallee<F> callee(function);
    call.thunk =
        PortableFunction(pack_call(buffer, call.descriptors, CallAndDrop(), callee, args...));
    call.arguments.resize(buffer.size());
    buffer.copy_to(reinterpret_cast<std::byte*>(call.arguments.data()));
    return call;
}

} // namespace detail

/// A reference to a Process without ownership: a copy of a Process, or an element of
/// active_children(). It may outlive the Process. Use it only in the process that started the
/// Process; there, from any thread.
class ProcessHandle {
public:
    /// Blocks until the process has ended. This and the functions up to `kill` throw RuntimeError
    /// before the start, and in any process other than the one that started it.
    void join() const { join_until(std::chrono::steady_clock::time_point::max()); }
    /// The same, but returns false if `timeout` passes first.
    template <class Rep, class Period> bool join(std::chrono::duration<Rep, Period> timeout) const {
        return join_until(detail::deadline_after(timeout));
    }
    /// `co_await process.wait()`: waits on the running loop until the process has ended, and
    /// returns its exit code. Several tasks may wait. Cancelling ends the wait, not the process.
    [[nodiscard]] Coro<int> wait() const;
    /// Sends SIGTERM. Does nothing if the process has ended.
    void terminate() const;
    /// Sends SIGKILL. Does nothing if the process has ended.
    void kill() const;

    /// The exit code; empty before the process ends. 0 if the function returned, 1 if it threw, N
    /// after exit(N), and -N if signal N ended it. 255 if the exit code is unknown because the
    /// process was reaped elsewhere or the fork server that started it was killed.
    [[nodiscard]] std::optional<int> exitcode() const;
    /// The process id; empty before the start.
    [[nodiscard]] std::optional<int> pid() const;
    [[nodiscard]] bool is_alive() const;
    /// A descriptor that becomes readable when the process ends. It stays open as long as this
    /// handle. Throws RuntimeError before the start.
    [[nodiscard]] int sentinel() const;
    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] bool daemon() const noexcept;

protected:
    friend std::vector<ProcessHandle> active_children();
    explicit ProcessHandle(std::shared_ptr<detail::ChildProcess> child) noexcept
        : child_(std::move(child)) {}

    std::shared_ptr<detail::ChildProcess> child_; // shared with other handles and with waiters

private:
    bool join_until(std::chrono::steady_clock::time_point deadline) const;
};

/// A function that runs in its own process: Python's multiprocessing.Process. The process is this
/// program started again (or forked, see StartMethod), which calls the function instead of `main`.
/// Its output goes where this process's output goes, and its stdin is empty. The function may be a
/// free function, a static member function or a lambda without captures; its arguments must be of
/// types for which `crosses` is true. They are packed when the Process is constructed. The
/// function's result is dropped.
///
///     void work(int number);
///     hocket::Process process(work, 42);
///     process.start();
///     process.join();
///
/// An exception that leaves the function is printed on stderr. SIGINT has its default effect:
/// Ctrl-C ends the process. The process also ends when this process ends, whether it is a daemon or
/// not. May be used from any thread.
class Process : public ProcessHandle {
public:
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    explicit Process(const F& function, const Args&... args)
        : Process(ProcessOptions(), function, args...) {}
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Process(ProcessOptions options, const F& function, const Args&... args)
        : Process(std::move(options),
                  detail::make_process_call<std::decay_t<F>>(function, args...)) {}
    Process(Process&&) noexcept = default;
    Process& operator=(Process&& other) noexcept;
    /// Joins a running process. A daemon is terminated instead, and killed if it has not ended five
    /// seconds later.
    ~Process();

    /// Starts the process. Throws RuntimeError if it was started before, and std::system_error if
    /// it cannot be started.
    void start();

private:
    friend class Manager;
    Process(ProcessOptions options, detail::ProcessCall call);
};

/// The running Processes that this process has started, in the order of their start. Includes those
/// of Managers, but not the workers of pools. Reaps the ones that have ended, as `start` does. May
/// be called from any thread.
[[nodiscard]] std::vector<ProcessHandle> active_children();

/// The name of the Process whose function this process runs; "MainProcess" in any other process.
[[nodiscard]] const std::string& current_process_name() noexcept;

} // namespace hocket
