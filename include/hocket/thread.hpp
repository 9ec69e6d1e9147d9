#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <sys/types.h>

#include <hocket/detail/loop/callback.hpp>
#include <hocket/detail/loop/deadline.hpp>
#include <hocket/detail/threads/thread_state.hpp>
#include <hocket/future.hpp>
#include <hocket/option_string.hpp>

namespace hocket {

/// Options of a Thread.
struct ThreadOptions {
    OptionString name = {}; ///< default: "Thread-N"; the kernel shows its first 15 characters
    bool daemon = false;    ///< whether the program may continue and end without waiting for it
};

/// Python's threading.Thread: a function that runs on its own thread.
///
///     void crunch(std::vector<double> numbers);
///     hocket::Thread thread(crunch, std::vector<double>{1, 2, 3});
///     thread.start();
///     thread.join(); // in a task: co_await thread.future();
///
/// The thread starts with a copy of the context (see ContextVar) in which the Thread was
/// constructed. Movable; all functions may be called from any thread.
class Thread {
public:
    /// Prepares a call of `function(args...)`, using copies of them; its result is dropped. Does
    /// not start the thread.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    explicit Thread(F&& function, Args&&... args)
        : Thread(ThreadOptions(), std::forward<F>(function), std::forward<Args>(args)...) {}
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    explicit Thread(const ThreadOptions& options, F&& function, Args&&... args)
        : state_(std::make_shared<detail::ThreadCall<std::decay_t<F>, std::decay_t<Args>...>>(
              options.name.str(), options.daemon, std::forward<F>(function),
              std::forward<Args>(args)...)) {}
    Thread(Thread&&) noexcept = default;
    Thread& operator=(Thread&& other) noexcept;
    /// Waits for the thread if it was started and is not a daemon, as Python does when the program
    /// ends; a daemon keeps running. If `join` was not called, the function's exception is reported
    /// on stderr. In a coroutine, await `thread.future()` first: the destructor blocks the loop,
    /// which the thread may need.
    ~Thread();

    /// Starts the thread; returns when it is running. Throws RuntimeError if it was started before,
    /// and std::system_error if no more threads can be created.
    void start() { state().start(); }

    /// Blocks until the function has returned and the thread has ended. Every call throws the
    /// function's exception, if there was one (Python prints it instead). Throws RuntimeError
    /// before `start`, and on the thread itself.
    void join();
    /// The same, but blocks for at most `timeout`. Returns whether the thread has ended (in Python,
    /// call is_alive()).
    template <class Rep, class Period> bool join(std::chrono::duration<Rep, Period> timeout) {
        return join_until(detail::deadline_after(timeout));
    }

    /// Whether the thread was started and its function has not returned.
    [[nodiscard]] bool is_alive() const { return state().is_alive(); }
    [[nodiscard]] const std::string& name() const { return state().name(); }
    [[nodiscard]] bool daemon() const { return state().daemon(); }
    /// The thread's pthread_t; empty before `start`.
    [[nodiscard]] std::optional<std::uint64_t> ident() const { return state().ident(); }
    /// The kernel's thread id, as shown by system tools; empty before `start`.
    [[nodiscard]] std::optional<pid_t> native_id() const { return state().native_id(); }

    /// A future for tasks to await the end of the function. It is done when the function has
    /// returned, and has its exception if it threw one; the holder of the future is then
    /// responsible for the exception, and no report is made. Cancelling the future before `start`
    /// prevents the function from being called.
    [[nodiscard]] Future<> future() const { return state().future(); }

private:
    bool join_until(std::chrono::steady_clock::time_point deadline);
    void let_go() noexcept;
    [[nodiscard]] detail::ThreadState& state() const;

    std::shared_ptr<detail::ThreadState> state_;
};

} // namespace hocket
