#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <hocket/executor.hpp>
#include <hocket/pool_stats.hpp>

namespace hocket {

namespace detail {
class ForkPeers;
} // namespace detail

/// Options of a thread pool.
struct ThreadPoolOptions {
    std::string thread_name_prefix = {}; ///< threads are named "<prefix>_0", "<prefix>_1", …
    /// Runs first in each thread. If it throws, the pool is broken.
    std::function<void()> initializer = {};
    /// How long an idle thread busy-polls for work before it sleeps. This saves the microseconds
    /// needed to wake it, but keeps a processor busy for that time.
    std::chrono::nanoseconds spin = {};
};

/// A pool of threads: Python's concurrent.futures.ThreadPoolExecutor. Threads are started on
/// demand. The destructor shuts down and waits. May be used from any thread.
///
/// Work submitted from outside the pool starts in the order of submission, and so does the work
/// submitted by any one worker; with a single worker there is one common order. Priorities
/// (SubmitOptions) take precedence over this.
///
/// A worker may submit work to its own pool and wait for it. While it waits in `future.result()`,
/// `wait` or `as_completed`, each without a timeout, it runs the awaited work itself, on top of its
/// own stack, if that has not started. Therefore work that waits for work it submitted always
/// finishes, however few threads there are. The waiting worker runs no other work, because that
/// might need a resource which the waiting work holds, and would have to finish first.
class ThreadPoolExecutor final : public Executor {
public:
    /// At most `max_workers` threads; 0: the number of processors + 4, but at most 32, as in
    /// Python.
    explicit ThreadPoolExecutor(std::size_t max_workers = 0, ThreadPoolOptions options = {});
    ~ThreadPoolExecutor() override;

    /// Throws RuntimeError if it is called with `wait` on one of the pool's own threads.
    void shutdown(ShutdownOptions options = {}) override;
    [[nodiscard]] std::size_t max_workers() const noexcept override;
    /// What the pool has done so far. May be called from any thread.
    [[nodiscard]] PoolStats stats() const noexcept;

    /// Internal.
    [[nodiscard]] detail::ForkPeers& fork_peers() noexcept;

private:
    void enqueue(detail::Work& work) override;

    class Pool;
    std::unique_ptr<Pool> pool_;
};

} // namespace hocket
