#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include <hocket/remote_executor.hpp>
#include <hocket/start_method.hpp>

namespace hocket {

/// Options of a process pool.
struct ProcessPoolOptions {
    /// How workers are started: Python's mp_context.
    StartMethod start_method = StartMethod::spawn;
    /// Called first in every worker; a function or a captureless lambda. If it throws, the pool is
    /// broken.
    void (*initializer)() = nullptr;
    /// A worker is replaced after this many calls; 0: never.
    std::size_t max_tasks_per_child = 0;
    /// How long a worker busy-polls for its next call, and a waiting caller for its result, before
    /// blocking. This reduces latency but uses processor time. Set it only if each of them has a
    /// processor of its own; with fewer processors they slow each other down.
    std::chrono::nanoseconds spin{0};
    /// Called with every line that a worker writes to stdout or stderr: the number of the worker,
    /// starting at 1; whether it was stderr; and the line. Runs on a thread of the pool. By default
    /// the lines are written to this process's own stdout and stderr, with "[worker N]" in front.
    std::function<void(int worker, bool is_error, std::string_view line)> on_output = {};
};

/// A pool of worker processes: Python's concurrent.futures.ProcessPoolExecutor. A worker is this
/// program started again, running functions instead of `main`. Functions need not be registered,
/// and nothing is forked unless `start_method` says so. RemoteExecutor has `submit` and `map`, and
/// says what may be called.
///
/// If a worker dies (by a crash, a signal or `exit`), only the call that it was running fails, with
/// WorkerDied, and the pool starts another worker. Calls are started in the order of submission.
/// Calling `cancel()` on the future of a running call ends its worker. Workers are started on
/// demand. The destructor shuts down and waits. May be used from any thread.
class ProcessPoolExecutor final : public RemoteExecutor {
public:
    /// At most `max_workers` processes; 0: one per processor.
    explicit ProcessPoolExecutor(std::size_t max_workers = 0, ProcessPoolOptions options = {});
    ~ProcessPoolExecutor() override;
};

} // namespace hocket
