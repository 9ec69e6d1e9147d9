#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

#include <hocket/detail/loop/callback.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/handle.hpp>
#include <hocket/loop_io.hpp>
#include <hocket/loop_pipes.hpp>
#include <hocket/loop_stats.hpp>
#include <hocket/task.hpp>

namespace hocket {

class Executor;
template <class T> class Future;

namespace detail {
class EventLoopState; // src/loop/event_loop_state.hpp
/// Returns the name of a signal handler's task: "handler of SIGTERM".
[[nodiscard]] std::string signal_task_name(int signal);
} // namespace detail

/// The argument of an exception handler.
struct ExceptionContext {
    std::string message;             ///< a description of what happened
    std::exception_ptr exception;    ///< nullptr if there was no exception
    AnyTask task;                    ///< the task it happened in; may be empty
    std::source_location created_at; ///< where that task was created
};

/// Python's asyncio event loop. A loop belongs to the thread that runs it: call its functions only
/// on that thread, or on any one thread while it is not running. `call_soon_threadsafe`, and the
/// functions documented as usable from any thread, are the exceptions. After `set_debug(true)`,
/// calls from a wrong thread throw RuntimeError. Most programs do not create a loop themselves,
/// because `hocket::run` does it for them.
class EventLoop : public LoopIo, public LoopPipes {
public:
    using Clock = std::chrono::steady_clock;
    using ExceptionHandler = std::function<void(EventLoop&, const ExceptionContext&)>;

    explicit EventLoop(
        std::string name = {}); ///< Throws std::system_error if no descriptors are left.
    ~EventLoop();               ///< Closes the loop.
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // -- running ---------------------------------------------------------------------------

    /// Runs until `stop` is called. Throws RuntimeError if a loop is already running on this
    /// thread, and KeyboardInterrupt if Ctrl-C requested it.
    void run_forever();
    /// Runs until `task` is done and returns its result or throws its exception. Throws
    /// RuntimeError if the loop is stopped before that.
    template <class T> T run_until_complete(Task<T> task) {
        run_until_done(task);
        return task.result();
    }
    template <class T>
    T run_until_complete(Coro<T> coro,
                         std::source_location place = std::source_location::current()) {
        return run_until_complete(create_task(std::move(coro), place));
    }
    /// Runs until `task` is done, whether it succeeds, fails or is cancelled.
    void run_until_done(const AnyTask& task);
    /// Makes `run_forever` return after the current turn.
    void stop() noexcept;
    [[nodiscard]] bool is_running() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept;
    /// Closes the loop and drops everything still scheduled. Throws RuntimeError if the loop is
    /// running.
    void close();

    /// Like hocket::create_task, but works even before the loop runs.
    template <class T>
    Task<T> create_task(Coro<T> coro,
                        std::source_location place = std::source_location::current()) {
        return detail::spawn(core(), std::move(coro), nullptr, place);
    }
    template <class T>
    Task<T> create_task(Coro<T> coro, const TaskOptions& options,
                        std::source_location place = std::source_location::current()) {
        return detail::spawn(core(), std::move(coro), &options, place);
    }
    template <detail::OtherAwaitable A>
    auto create_task(A&& awaitable, std::source_location place = std::source_location::current())
        -> detail::MadeOf<Task<detail::StartableValue<A>>, A> {
        return detail::spawn_awaitable(core(), std::forward<A>(awaitable), nullptr, place);
    }

    // -- callbacks -------------------------------------------------------------------------

    /// Calls `function(args...)` in the loop's next turn, in a copy of the current context.
    /// Callbacks run in the order in which they were scheduled. Exceptions from them go to the
    /// exception handler.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Handle call_soon(F&& function, Args&&... args) {
        return schedule(
            detail::make_callback(core(), std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// Like call_soon, but may be called from any thread. Throws RuntimeError if the loop is
    /// closed.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Handle call_soon_threadsafe(F&& function, Args&&... args) {
        return schedule_threadsafe(
            detail::make_callback(core(), std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// Calls `function(args...)` after `delay`; if it is zero or negative, in the next turn.
    template <class Rep, class Period, class F, class... Args>
    requires detail::CallableWith<F, Args...>
    Handle call_later(std::chrono::duration<Rep, Period> delay, F&& function, Args&&... args) {
        return call_at(detail::deadline_after(delay), std::forward<F>(function),
                       std::forward<Args>(args)...);
    }
    /// Calls `function(args...)` at the time `when` of the loop's clock.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Handle call_at(Clock::time_point when, F&& function, Args&&... args) {
        return schedule_at(when, detail::make_callback(core(), std::forward<F>(function),
                                                       std::forward<Args>(args)...));
    }
    /// The current time of the loop's clock.
    [[nodiscard]] Clock::time_point time() const noexcept { return Clock::now(); }

    // -- signals ---------------------------------------------------------------------------

    /// Calls `handler()` on the loop's thread when the process receives `signal`, and replaces any
    /// earlier handler. If the same signal arrives several times within one turn of the loop, the
    /// handler is called once. Throws RuntimeError if the signal cannot be caught or another loop
    /// handles it, and ValueError if the number is not a valid signal. See also wait_signal.
    void add_signal_handler(int signal, std::function<void()> handler);
    /// The same for a coroutine function: each signal starts a task that runs it. The loop keeps
    /// the task alive and reports its exception.
    template <class F> requires detail::CoroFunction<F>
    void add_signal_handler(int signal, F handler) {
        auto kept = std::make_shared<F>(std::move(handler));
        add_signal_handler(signal, std::function<void()>([signal, kept] {
                               // The task gets its own callable, because the handler may be removed
                               // before the task ends.
                               hocket::create_task({.name = detail::signal_task_name(signal)},
                                                   [kept] { return (*kept)(); });
                           }));
    }
    /// Restores the signal's previous behaviour. Returns false if there was no handler.
    bool remove_signal_handler(int signal);

    // -- executors -------------------------------------------------------------------------

    /// Runs `function(args...)` on `executor` and returns a future, which can be awaited.
    /// Cancelling the awaiting task cancels the work if it has not started. May be called from any
    /// thread.
    template <class E, class F, class... Args> requires detail::CallableWith<F, Args...>
    auto run_in_executor(E& executor, F&& function, Args&&... args);
    /// The same on the default executor (`nullptr`, like Python's None).
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto run_in_executor(std::nullptr_t, F&& function, Args&&... args);
    /// Replaces the default executor, which `nullptr` stands for. The loop shuts it down when the
    /// loop ends.
    void set_default_executor(std::shared_ptr<Executor> executor);
    /// The default executor; created on first use.
    [[nodiscard]] Executor& default_executor();
    /// Waits, without blocking the loop, until the threads of the default executor have ended. If
    /// they have not ended within `timeout`, this is reported to the exception handler and the
    /// threads are abandoned. Later uses of the default executor throw RuntimeError.
    Coro<> shutdown_default_executor(std::optional<std::chrono::nanoseconds> timeout = {});

    // -- errors and looking inside -----------------------------------------------------------

    /// Sets the function that handles exceptions which no caller can receive. The default writes a
    /// report to stderr; an empty handler restores the default.
    void set_exception_handler(ExceptionHandler handler);
    /// Calls the exception handler. An exception from the handler itself is reported but not
    /// propagated.
    void call_exception_handler(const ExceptionContext& context) noexcept;
    /// Writes the default report to stderr.
    void default_exception_handler(const ExceptionContext& context) noexcept;

    void set_debug(bool enabled) noexcept;
    [[nodiscard]] bool get_debug() const noexcept;
    /// In debug mode, a callback or a step of a task that takes at least this long is reported. The
    /// default is 100 ms.
    std::chrono::nanoseconds slow_callback_duration = std::chrono::milliseconds(100);

    /// Prints the tree of tasks: which task awaits which, and where each is waiting. If more than
    /// ten tasks were created at the same place and wait at the same place, they are printed as one
    /// line with their number.
    void print_tasks(std::ostream& out) const;
    /// Prints that tree on stderr whenever the process receives `signal` (SIGUSR1, for example).
    void print_tasks_on_signal(int signal);

    /// What the loop has done so far. May be called from any thread.
    [[nodiscard]] LoopStats stats() const;

    [[nodiscard]] const std::string& name() const noexcept;

    /// Internal.
    [[nodiscard]] detail::LoopCore& core() const noexcept;
    [[nodiscard]] detail::EventLoopState& state() const noexcept { return *state_; }

private:
    Handle schedule(detail::CallbackBase& callback);
    Handle schedule_threadsafe(detail::CallbackBase& callback);
    Handle schedule_at(Clock::time_point when, detail::CallbackBase& callback);
    void run_ready_timed();

    std::unique_ptr<detail::EventLoopState> state_;
};

/// The loop that is running on this thread. Throws RuntimeError if there is none.
[[nodiscard]] EventLoop& get_running_loop();

} // namespace hocket
