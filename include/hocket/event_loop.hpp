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
#include <hocket/task.hpp>

namespace hocket {

class Executor;
template <class T> class Future;

namespace detail {
class EventLoopState; // src/loop/event_loop_state.hpp
/// "handler of SIGTERM"
[[nodiscard]] std::string signal_task_name(int signal);
} // namespace detail

/// What an exception handler is told.
struct ExceptionContext {
    std::string message;             ///< what happened, in words
    std::exception_ptr exception;    ///< nullptr when none was involved
    AnyTask task;                    ///< the task it happened in; may be empty
    std::source_location created_at; ///< where that task was created
};

/// Python's asyncio event loop. A loop belongs to the thread that runs it: except for
/// `call_soon_threadsafe` and what says so, its functions are for that thread (or for any one
/// thread while it does not run). With `set_debug(true)` calls from a wrong thread throw
/// RuntimeError. Most programs never name it: `hocket::run` makes one.
class EventLoop : public LoopIo, public LoopPipes {
public:
    using Clock = std::chrono::steady_clock;
    using ExceptionHandler = std::function<void(EventLoop&, const ExceptionContext&)>;

    explicit EventLoop(
        std::string name = {}); ///< Throws std::system_error when out of descriptors.
    ~EventLoop();               ///< Closes the loop.
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // -- running ---------------------------------------------------------------------------

    /// Runs until `stop`. Throws RuntimeError when a loop runs on this thread already,
    /// KeyboardInterrupt when Ctrl-C asked for it.
    void run_forever();
    /// Runs until `task` is done; returns its result or throws what ended it. RuntimeError when
    /// the loop was stopped before.
    template <class T> T run_until_complete(Task<T> task) {
        run_until_done(task);
        return task.result();
    }
    template <class T> T run_until_complete(Coro<T> coro) {
        return run_until_complete(create_task(std::move(coro)));
    }
    /// Runs until `task` is done, however it ends.
    void run_until_done(const AnyTask& task);
    /// Ends `run_forever` after the current turn.
    void stop() noexcept;
    [[nodiscard]] bool is_running() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept;
    /// Drops what is still scheduled. The loop must not be running (RuntimeError).
    void close();

    /// As hocket::create_task, but also while the loop does not run yet.
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
        -> Task<detail::StartableValue<A>> {
        return detail::spawn_awaitable(core(), std::forward<A>(awaitable), nullptr, place);
    }

    // -- callbacks -------------------------------------------------------------------------

    /// Calls `function(args...)` in the next turn, in the order of asking, in a copy of the current
    /// context. What it throws goes to the exception handler.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Handle call_soon(F&& function, Args&&... args) {
        return schedule(
            detail::make_callback(core(), std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// As call_soon, from any thread. RuntimeError when the loop is closed.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Handle call_soon_threadsafe(F&& function, Args&&... args) {
        return schedule_threadsafe(
            detail::make_callback(core(), std::forward<F>(function), std::forward<Args>(args)...));
    }
    /// Calls `function(args...)` when `delay` has passed (at once in the next turn when it is not
    /// positive).
    template <class Rep, class Period, class F, class... Args>
    requires detail::CallableWith<F, Args...>
    Handle call_later(std::chrono::duration<Rep, Period> delay, F&& function, Args&&... args) {
        return call_at(detail::deadline_after(delay), std::forward<F>(function),
                       std::forward<Args>(args)...);
    }
    /// Calls `function(args...)` at `when` on this loop's clock.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    Handle call_at(Clock::time_point when, F&& function, Args&&... args) {
        return schedule_at(when, detail::make_callback(core(), std::forward<F>(function),
                                                       std::forward<Args>(args)...));
    }
    /// The loop's clock.
    [[nodiscard]] Clock::time_point time() const noexcept { return Clock::now(); }

    // -- signals ---------------------------------------------------------------------------

    /// Calls `handler()` on the loop's thread when the process gets `signal`, instead of the
    /// handler before. Signals that come faster than the loop turns are one. Throws RuntimeError
    /// when the signal cannot be caught or another loop has it; ValueError for a number that is no
    /// signal. See also wait_signal.
    void add_signal_handler(int signal, std::function<void()> handler);
    /// As above, for a coroutine function: each signal starts a task of it, which the loop keeps,
    /// and whose exception is reported.
    template <class F> requires detail::CoroFunction<F>
    void add_signal_handler(int signal, F handler) {
        auto kept = std::make_shared<F>(std::move(handler));
        add_signal_handler(signal, std::function<void()>([signal, kept] {
                               // By a callable of its own: the handler may be removed meanwhile.
                               hocket::create_task({.name = detail::signal_task_name(signal)},
                                                   [kept] { return (*kept)(); });
                           }));
    }
    /// Restores what was in force before. Returns false when there was no handler.
    bool remove_signal_handler(int signal);

    // -- executors -------------------------------------------------------------------------

    /// Runs `function(args...)` on `executor`'s threads; the future can be awaited. Cancelling the
    /// awaiting task cancels the work when it has not started. Any thread.
    template <class E, class F, class... Args> requires detail::CallableWith<F, Args...>
    auto run_in_executor(E& executor, F&& function, Args&&... args);
    /// The same on the default executor (`nullptr` as in Python's None).
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto run_in_executor(std::nullptr_t, F&& function, Args&&... args);
    /// Replaces the executor that nullptr stands for. The loop shuts it down when it ends.
    void set_default_executor(std::shared_ptr<Executor> executor);
    /// The default executor, made when first asked for.
    [[nodiscard]] Executor& default_executor();
    /// Waits (without blocking the loop) until the default executor's threads have ended. When they
    /// have not after `timeout`, that goes to the exception handler, and they are left to
    /// themselves. RuntimeError for what asks for that executor afterwards.
    Coro<> shutdown_default_executor(std::optional<std::chrono::nanoseconds> timeout = {});

    // -- errors and looking inside -----------------------------------------------------------

    /// Replaces what is done with exceptions nobody else can take: by default, a report on stderr.
    /// An empty handler restores that.
    void set_exception_handler(ExceptionHandler handler);
    /// Calls the exception handler. What the handler throws is reported too, and goes nowhere.
    void call_exception_handler(const ExceptionContext& context) noexcept;
    /// The report on stderr.
    void default_exception_handler(const ExceptionContext& context) noexcept;

    void set_debug(bool enabled) noexcept;
    [[nodiscard]] bool get_debug() const noexcept;
    /// In debug mode, a callback or a task's step that takes at least this long is reported. 100 ms
    /// unless set.
    std::chrono::nanoseconds slow_callback_duration = std::chrono::milliseconds(100);

    /// Draws the tree of tasks: which task awaits which, and where each waits. More than ten tasks
    /// that were created at one place and wait at one place are one line, with their number.
    void print_tasks(std::ostream& out) const;
    /// Draws that tree on stderr whenever the process gets `signal` (SIGUSR1, say).
    void print_tasks_on_signal(int signal);

    [[nodiscard]] const std::string& name() const noexcept;

    /// For hocket's own parts.
    [[nodiscard]] detail::LoopCore& core() const noexcept;
    [[nodiscard]] detail::EventLoopState& state() const noexcept { return *state_; }

private:
    Handle schedule(detail::CallbackBase& callback);
    Handle schedule_threadsafe(detail::CallbackBase& callback);
    Handle schedule_at(Clock::time_point when, detail::CallbackBase& callback);
    void run_ready_timed();

    std::unique_ptr<detail::EventLoopState> state_;
};

/// The loop that runs on this thread. Throws RuntimeError when none does.
[[nodiscard]] EventLoop& get_running_loop();

} // namespace hocket
