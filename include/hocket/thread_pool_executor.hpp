#pragma once

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
};

/// A pool of threads: Python's concurrent.futures.ThreadPoolExecutor. Threads start as work comes
/// in. The destructor shuts down and waits. Any thread.
class ThreadPoolExecutor final : public Executor {
public:
    /// At most `max_workers` threads; 0: the processors + 4, at most 32, as in Python.
    explicit ThreadPoolExecutor(std::size_t max_workers = 0, ThreadPoolOptions options = {});
    ~ThreadPoolExecutor() override;

    void shutdown(ShutdownOptions options = {}) override;

private:
    void enqueue(detail::Work& work) override;

    class Pool;
    std::unique_ptr<Pool> pool_;
};

} // namespace hocket
