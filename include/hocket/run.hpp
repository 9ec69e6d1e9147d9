#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/context.hpp>
#include <hocket/event_loop.hpp>

namespace hocket {

namespace detail {
/// Whether the environment contains HOCKET_DEBUG=1.
[[nodiscard]] bool debug_by_environment();
} // namespace detail

/// Options of `run`.
struct RunOptions {
    /// Reports slow callbacks, calls from wrong threads and more.
    bool debug = detail::debug_by_environment();
    OptionString name = {}; ///< the loop's name, used in reports
};

/// A loop on which several coroutines run one after the other: Python's asyncio.Runner. Use it on
/// one thread only.
class Runner {
public:
    explicit Runner(const RunOptions& options = {});
    /// Closes the runner. An exception from that goes to the loop's exception handler.
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// Runs `main` to its end and returns its value or throws its exception. Ctrl-C cancels `main`
    /// once, and then run throws KeyboardInterrupt; a second Ctrl-C throws KeyboardInterrupt at
    /// once. Throws RuntimeError if a loop is already running on this thread.
    ///
    /// All coroutines of a runner run in the same context, which starts as a copy of the context
    /// that was current when the loop was created. Values set by one are visible to the next.
    template <class T>
    T run(Coro<T> main, std::source_location place = std::source_location::current()) {
        require_runnable(main);
        return run_in(std::move(main), context_, place);
    }
    /// The same in `context`, which afterwards contains the values set by `main`.
    template <class T>
    T run(Coro<T> main, Context& context,
          std::source_location place = std::source_location::current()) {
        require_runnable(main);
        return run_in(std::move(main), context, place);
    }
    /// Runs the coroutine returned by `callable()`, and keeps the callable alive until the run
    /// ends.
    template <class F> requires detail::CoroFunction<F>
    detail::CoroValue<F> run(F&& callable,
                             std::source_location place = std::source_location::current()) {
        std::decay_t<F> kept(std::forward<F>(callable));
        return run(std::invoke(kept), place);
    }

    /// The loop; created on first use. Throws RuntimeError if the runner is closed.
    [[nodiscard]] EventLoop& get_loop() { return loop(); }

    /// Cancels the remaining tasks and waits for them, shuts down the default executor, and closes
    /// the loop.
    void close();

private:
    EventLoop& loop();
    template <class T> void require_runnable(Coro<T>& main) {
        try {
            require_no_running_loop();
            static_cast<void>(loop()); // throws when closed
        } catch (...) {
            main.close();
            throw;
        }
    }
    static void require_no_running_loop();
    template <class T> T run_in(Coro<T> main, Context& context, std::source_location place) {
        TaskOptions options;
        options.context = context;
        Task<T> task = loop().create_task(std::move(main), options, place);
        run_task(task, context);
        return task.result();
    }
    void run_task(const AnyTask& task, Context& context);

    RunOptions options_;
    std::unique_ptr<EventLoop> loop_;
    Context context_;
    bool closed_ = false;
};

/// Runs `main` on a new loop: Python's asyncio.run. When `main` is done, cancels the remaining
/// tasks, waits for them, shuts down the default executor, and returns main's value or throws its
/// exception.
template <class T>
T run(Coro<T> main, const RunOptions& options = {},
      std::source_location place = std::source_location::current()) {
    Runner runner(options);
    if constexpr (std::is_void_v<T>) {
        runner.run(std::move(main), place);
        runner.close();
    } else {
        T result = runner.run(std::move(main), place);
        runner.close();
        return result;
    }
}

/// Runs the coroutine returned by `callable()`, and keeps the callable alive until the run ends.
template <class F> requires detail::CoroFunction<F>
detail::CoroValue<F> run(F&& callable, const RunOptions& options = {},
                         std::source_location place = std::source_location::current()) {
    std::decay_t<F> kept(std::forward<F>(callable));
    return run(std::invoke(kept), options, place);
}

} // namespace hocket
