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

/// How a thread is made.
struct ThreadOptions {
    OptionString name = {}; ///< default: "Thread-N". The kernel shows its first 15 characters.
    bool daemon = false;    ///< whether the program goes on, and ends, without waiting for it
};

/// Python's threading.Thread: a function that runs on a thread of its own.
///
///     void crunch(std::vector<double> numbers);
///     hocket::Thread thread(crunch, std::vector<double>{1, 2, 3});
///     thread.start();
///     thread.join(); // in a task: co_await thread.future();
///
/// The thread starts with a copy of the context (see ContextVar) in which the Thread was made.
/// Movable; any thread may call any function.
class Thread {
public:
    /// Will call `function(args...)`, copies of them, and drop what it returns. Does not start yet.
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
    /// Waits for a thread that was started and is no daemon, as Python does as the program ends; a
    /// daemon goes on by itself. An exception that nobody joined for is reported on stderr. In a
    /// coroutine, `co_await thread.future()` before: this stops the loop, which the thread may
    /// need.
    ~Thread();

    /// Starts the thread; returns when it runs. RuntimeError when it was started before,
    /// std::system_error when there can be no more threads.
    void start() { state().start(); }

    /// Blocks until the function has returned and the thread has ended. Throws the function's
    /// exception if it ended by one, every time (Python's prints it instead); RuntimeError before
    /// `start`, and on the thread itself.
    void join();
    /// As above, but for no longer than `timeout`. Returns whether the thread has ended (Python:
    /// ask is_alive()).
    template <class Rep, class Period> bool join(std::chrono::duration<Rep, Period> timeout) {
        return join_until(detail::deadline_after(timeout));
    }

    /// Whether it was started and its function has not returned.
    [[nodiscard]] bool is_alive() const { return state().is_alive(); }
    [[nodiscard]] const std::string& name() const { return state().name(); }
    [[nodiscard]] bool daemon() const { return state().daemon(); }
    /// The thread's pthread_t; nothing before `start`.
    [[nodiscard]] std::optional<std::uint64_t> ident() const { return state().ident(); }
    /// The kernel's number of the thread, which tools show; nothing before `start`.
    [[nodiscard]] std::optional<pid_t> native_id() const { return state().native_id(); }

    /// How the function ends, to be awaited by tasks: done when it has returned, with its exception
    /// if it threw one, which then is for who holds the future: no report is made. Cancelling the
    /// future before `start` keeps the function from being called.
    [[nodiscard]] Future<> future() const { return state().future(); }

private:
    bool join_until(std::chrono::steady_clock::time_point deadline);
    void let_go() noexcept;
    [[nodiscard]] detail::ThreadState& state() const;

    std::shared_ptr<detail::ThreadState> state_;
};

} // namespace hocket
