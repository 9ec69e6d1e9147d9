#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <hocket/executor.hpp>

namespace hocket {

/// How a thread pool is made.
struct ThreadPoolOptions {
    std::string thread_name_prefix = {}; ///< threads are called "<prefix>_0", "<prefix>_1", …
    std::function<void()> initializer =
        {}; ///< runs first in each thread; if it throws, the pool is broken
    /// How long a thread without work looks for some before it sleeps. It keeps a processor busy
    /// for that long, and saves the microseconds it takes to wake it.
    std::chrono::nanoseconds spin = {};
};

/// A pool of threads: Python's concurrent.futures.ThreadPoolExecutor. Threads start as work comes
/// in. The destructor shuts down and waits. Any thread.
///
/// What is submitted from outside starts in the order of submission, and so does what one worker
/// submits; with a single worker there is one order. A priority (SubmitOptions) comes first.
///
/// A worker may submit to its own pool and wait: in `future.result()` without a timeout, and in
/// `wait` and `as_completed` without one, it does the work it waits for itself if that has not
/// started, on top of its own stack. So work that waits for what it submitted comes to an end
/// however few threads there are. It does nothing else meanwhile: other work might need what the
/// waiting one holds, and would have to end first.
class ThreadPoolExecutor final : public Executor {
public:
    /// At most `max_workers` threads; 0: the processors + 4, at most 32, as in Python.
    explicit ThreadPoolExecutor(std::size_t max_workers = 0, ThreadPoolOptions options = {});
    ~ThreadPoolExecutor() override;

    /// RuntimeError when one of its own threads is to wait.
    void shutdown(ShutdownOptions options = {}) override;
    [[nodiscard]] std::size_t max_workers() const noexcept override;

private:
    void enqueue(detail::Work& work) override;

    class Pool;
    std::unique_ptr<Pool> pool_;
};

} // namespace hocket
