#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/processes/calls/remote_call.hpp>
#include <hocket/detail/processes/calls/remote_chunk.hpp>
#include <hocket/executor.hpp>
#include <hocket/pool_stats.hpp>
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
/// and nothing is forked unless `start_method` says so. The functions may be free functions, static
/// member functions and lambdas without captures; arguments and results must be of types for which
/// `crosses` is true. Anything else does not compile.
///
/// If a worker dies (by a crash, a signal or `exit`), only the call that it was running fails, with
/// WorkerDied, and the pool starts another worker. Calls are started in the order of submission.
/// Calling `cancel()` on the future of a running call ends its worker. Workers are started on
/// demand. The destructor shuts down and waits. May be used from any thread.
class ProcessPoolExecutor final : public Executor {
public:
    /// At most `max_workers` processes; 0: one per processor.
    explicit ProcessPoolExecutor(std::size_t max_workers = 0, ProcessPoolOptions options = {});
    ~ProcessPoolExecutor() override;

    /// Calls `function(args...)` in a worker. Throws RuntimeError after `shutdown`, and
    /// BrokenExecutor if no worker can be started.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(const F& function, Args&&... args) {
        return submit(SubmitOptions{}, function, std::forward<Args>(args)...);
    }
    /// The same with options. `options.timeout` limits how long the call may run: when it expires,
    /// the worker is ended and the future fails with TimeoutError.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(const SubmitOptions& options, const F& function, Args&&... args) -> detail::MadeOf<
        Future<detail::RemoteResult<std::decay_t<F>, std::remove_cvref_t<Args>...>>, Args...> {
        using R = detail::RemoteResult<std::decay_t<F>, std::remove_cvref_t<Args>...>;
        thread_local detail::GatherBuffer body;
        body.clear();
        Future<R> future(
            detail::FuturePointer<detail::FutureState<R>>(new detail::RemoteCallState<R>(pool_)));
        auto& call = static_cast<detail::RemoteCallState<R>&>(future.state());
        call.function =
            detail::pack_call<std::decay_t<F>>(body, call.descriptors, function, args...);
        call.set_options(options);
        call.ref(); // the pool's reference
        submit_call(call, body);
        return future;
    }

    /// Executor::map on the workers. The input is sent in chunks, so `chunksize` determines the
    /// overhead of short calls.
    template <class F, detail::InputRange Range>
    requires std::invocable<const F&, detail::RangeValue<Range>>
    auto map(const F& function, Range&& input, const MapOptions& options = {}) {
        using Item = detail::RangeValue<Range>;
        using Function = std::decay_t<F>;
        detail::require_crossing<Function, Item>();
        auto submit_chunk = [this, carried = detail::CarriedFunction<Function>(function)](
                                const std::vector<Item>& items) {
            return submit(detail::MapChunkRemotely<Function, Item>(), carried, items);
        };
        MapOptions limited = options;
        if (limited.buffersize == 0) {
            limited.buffersize = 64 * max_workers();
        }
        return detail::ordered_map<detail::MapValue<Function, Item>>(
            std::forward<Range>(input), std::move(submit_chunk), limited, max_workers());
    }

    [[nodiscard]] std::size_t max_workers() const noexcept override;
    /// What the pool has done so far. May be called from any thread.
    [[nodiscard]] PoolStats stats() const noexcept;
    void shutdown(ShutdownOptions options = {}) override;
    /// Ends all workers at once: running calls fail with WorkerDied, and waiting calls are
    /// cancelled. The pool accepts no more work.
    void kill_workers();

private:
    void submit_call(detail::RemoteCall& call, detail::GatherBuffer& body);
    void enqueue(detail::Work& work) override;

    std::shared_ptr<detail::ProcessPool> pool_;
};

} // namespace hocket
