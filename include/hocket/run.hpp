#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/context.hpp>
#include <hocket/event_loop.hpp>

namespace hocket {

namespace detail {
/// Whether the environment says HOCKET_DEBUG=1.
[[nodiscard]] bool debug_by_environment();
} // namespace detail

/// How `run` runs.
struct RunOptions {
    bool debug =
        detail::debug_by_environment(); ///< slow callbacks, wrong threads and more are reported
    OptionString name = {};             ///< the loop's, for reports
};

/// A loop on which several coroutines run one after the other: Python's asyncio.Runner. Belongs to
/// one thread.
class Runner {
public:
    explicit Runner(const RunOptions& options = {});
    /// Closes the runner; what that throws goes to the loop's exception handler.
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// Runs `main` to its end; returns its value or throws its exception. Ctrl-C cancels `main`
    /// once and comes out as KeyboardInterrupt; a second Ctrl-C throws KeyboardInterrupt at once.
    /// RuntimeError when a loop runs on this thread already.
    ///
    /// All of them run in one context, a copy of the one that was current when the loop was made:
    /// what one sets the next one sees.
    template <class T> T run(Coro<T> main) {
        require_runnable(main);
        return run_in(std::move(main), context_);
    }
    /// The same in `context`, which has what `main` set afterwards.
    template <class T> T run(Coro<T> main, Context& context) {
        require_runnable(main);
        return run_in(std::move(main), context);
    }
    /// Runs what `callable()` returns; the callable outlives the run.
    template <class F> requires detail::CoroFunction<F> detail::CoroValue<F> run(F&& callable) {
        std::decay_t<F> kept(std::forward<F>(callable));
        return run(std::invoke(kept));
    }

    /// The loop; made when first asked for. RuntimeError when closed.
    [[nodiscard]] EventLoop& get_loop() { return loop(); }

    /// Cancels the tasks that are left and waits for them, ends the default executor, closes the
    /// loop.
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
    template <class T> T run_in(Coro<T> main, Context& context) {
        TaskOptions options;
        options.context = context;
        Task<T> task = loop().create_task(std::move(main), options);
        run_task(task, context);
        return task.result();
    }
    void run_task(const AnyTask& task, Context& context);

    RunOptions options_;
    std::unique_ptr<EventLoop> loop_;
    Context context_;
    bool closed_ = false;
};

/// Runs `main` on a loop of its own: Python's asyncio.run. When `main` is done, cancels the tasks
/// that are left, waits for them, ends the default executor, and returns main's value or throws its
/// exception.
template <class T> T run(Coro<T> main, const RunOptions& options = {}) {
    Runner runner(options);
    if constexpr (std::is_void_v<T>) {
        runner.run(std::move(main));
        runner.close();
    } else {
        T result = runner.run(std::move(main));
        runner.close();
        return result;
    }
}

/// Runs what `callable()` returns; the callable outlives the run.
template <class F> requires detail::CoroFunction<F>
detail::CoroValue<F> run(F&& callable, const RunOptions& options = {}) {
    std::decay_t<F> kept(std::forward<F>(callable));
    return run(std::invoke(kept), options);
}

} // namespace hocket
