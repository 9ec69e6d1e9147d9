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

/// What a Process is called, how it is started and what becomes of it at the end.
struct ProcessOptions {
    std::string name = {}; ///< for its reports; unless given, "Process-1", "Process-2" …
    bool daemon = false;   ///< ended by Process's destructor, which waits for any other
    StartMethod start_method = StartMethod::spawn; ///< Python's `get_context(start_method).Process`
};

class ProcessHandle;
[[nodiscard]] std::vector<ProcessHandle> active_children();

namespace detail {

class ChildProcess; // src/processes/start/child_process.hpp

/// The call that a new process makes.
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

/// A Process, for whoever does not own it: a copy of one, or one of active_children(). It may be
/// used in the process that started it, in any thread, and may outlive the Process.
class ProcessHandle {
public:
    /// Blocks until the process has ended. RuntimeError before its start, and in any process but
    /// the one that started it, as of all that follows up to `kill`.
    void join() const { join_until(std::chrono::steady_clock::time_point::max()); }
    /// As above; returns false when `timeout` passes first.
    template <class Rep, class Period> bool join(std::chrono::duration<Rep, Period> timeout) const {
        return join_until(detail::deadline_after(timeout));
    }
    /// `co_await process.wait()`: waits on the running loop until the process has ended, and yields
    /// its exit code. Several tasks may wait. Cancelling ends the wait, not the process.
    [[nodiscard]] Coro<int> wait() const;
    /// Sends SIGTERM. Does nothing when the process has ended.
    void terminate() const;
    /// Sends SIGKILL.
    void kill() const;

    /// Nothing before the end. 0 when the function returned, 1 when it threw, N after exit(N), -N
    /// when signal N ended it; 255 when that is unknown: somebody else has reaped the process, or
    /// the fork server that started it was killed.
    [[nodiscard]] std::optional<int> exitcode() const;
    /// Nothing before the start.
    [[nodiscard]] std::optional<int> pid() const;
    [[nodiscard]] bool is_alive() const;
    /// A descriptor that becomes readable when the process ends; it lives as long as this handle.
    /// RuntimeError before the start.
    [[nodiscard]] int sentinel() const;
    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] bool daemon() const noexcept;

protected:
    friend std::vector<ProcessHandle> active_children();
    explicit ProcessHandle(std::shared_ptr<detail::ChildProcess> child) noexcept
        : child_(std::move(child)) {}

    std::shared_ptr<detail::ChildProcess> child_; // shared with other handles and who waits

private:
    bool join_until(std::chrono::steady_clock::time_point deadline) const;
};

/// A function that runs in a process of its own: Python's multiprocessing.Process. The process is
/// this program started again (or forked, see StartMethod), which calls the function instead of
/// `main`; what it writes goes where this process's output goes, and its stdin is empty. Free
/// functions, static member functions and lambdas without captures cross, and arguments of the
/// types that `crosses` names; they are packed when the Process is made. What the function returns
/// is dropped.
///
///     void work(int number);
///     hocket::Process process(work, 42);
///     process.start();
///     process.join();
///
/// An exception that leaves the function is printed on stderr. SIGINT has its default effect:
/// Ctrl-C ends the process. It ends with this process, too, daemon or not. Any thread.
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
    /// A process that runs is joined; a daemon is terminated first, and killed if it has not ended
    /// five seconds later.
    ~Process();

    /// Starts the process. RuntimeError when it was started before; std::system_error when it
    /// cannot be.
    void start();

private:
    friend class Manager;
    Process(ProcessOptions options, detail::ProcessCall call);
};

/// The Processes (also of Managers, but not the workers of pools) that this process has started
/// and that run, in the order of their start. Reaps those that have ended, as `start` does. Any
/// thread.
[[nodiscard]] std::vector<ProcessHandle> active_children();

/// The name of the Process whose function this process runs; "MainProcess" in any other.
[[nodiscard]] const std::string& current_process_name() noexcept;

} // namespace hocket
