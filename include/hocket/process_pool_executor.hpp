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
#include <hocket/start_method.hpp>

namespace hocket {

/// How a process pool is made.
struct ProcessPoolOptions {
    /// How workers are started: Python's mp_context.
    StartMethod start_method = StartMethod::spawn;
    /// Called first in every worker; a captureless lambda or a function. If it throws, the pool is
    /// broken.
    void (*initializer)() = nullptr;
    /// A worker ends after this many calls, and another one takes its place; 0: never.
    std::size_t max_tasks_per_child = 0;
    /// For how long a worker looks for the next call, and who waits for a result looks for it,
    /// before it sleeps: quicker answers, for processor time. Only where every one of them has a
    /// processor of its own: on fewer they keep each other from running.
    std::chrono::nanoseconds spin{0};
    /// Is given every line that a worker writes to stdout or stderr (number of the worker from 1,
    /// whether it was stderr, the line), on a thread of the pool. Unless given, the lines are
    /// written to this process's own, with "[worker N]" in front.
    std::function<void(int worker, bool is_error, std::string_view line)> on_output = {};
};

/// A pool of worker processes: Python's concurrent.futures.ProcessPoolExecutor. A worker is this
/// program started again, which runs functions instead of `main`; nothing is registered, and
/// nothing forked unless `start_method` says so. Free functions, static member functions and
/// lambdas without captures cross, and arguments and results of the types that `crosses` names;
/// anything else does not compile.
///
/// A worker that dies (a crash, a kill, `exit`) takes the one call with it that it ran, whose
/// future fails with WorkerDied; the pool starts another. Calls are started in the order of their
/// submission. `cancel()` of a future whose call runs ends its worker. Workers start as work comes
/// in. The destructor shuts down and waits. Any thread.
class ProcessPoolExecutor final : public Executor {
public:
    /// At most `max_workers` processes; 0: as many as processors.
    explicit ProcessPoolExecutor(std::size_t max_workers = 0, ProcessPoolOptions options = {});
    ~ProcessPoolExecutor() override;

    /// Calls `function(args...)` in a worker. RuntimeError after `shutdown`, BrokenExecutor when no
    /// worker can be started.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(const F& function, const Args&... args) {
        return submit(SubmitOptions{}, function, args...);
    }
    /// As above. `options.timeout` is how long the call may run: when it is over, its worker is
    /// ended and the future fails with TimeoutError.
    template <class F, class... Args> requires detail::CallableWith<F, Args...>
    auto submit(const SubmitOptions& options, const F& function, const Args&... args) {
        using R = detail::RemoteResult<std::decay_t<F>, Args...>;
        thread_local detail::GatherBuffer body;
        body.clear();
        Future<R> future(
            detail::FuturePointer<detail::FutureState<R>>(new detail::RemoteCallState<R>(pool_)));
        auto& call = static_cast<detail::RemoteCallState<R>&>(future.state());
        call.function =
            detail::pack_call<std::decay_t<F>>(body, call.descriptors, function, args...);
        call.set_options(options);
        call.ref(); // the pool's
        submit_call(call, body);
        return future;
    }

    /// Executor::map through the workers: a chunk of the input crosses at a time, so that
    /// `chunksize` decides what a short call costs.
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
    void shutdown(ShutdownOptions options = {}) override;
    /// Ends all workers at once: what runs fails with WorkerDied, what waits is cancelled. The pool
    /// takes no more work.
    void kill_workers();

private:
    void submit_call(detail::RemoteCall& call, const detail::GatherBuffer& body);
    void enqueue(detail::Work& work) override;

    std::shared_ptr<detail::ProcessPool> pool_;
};

} // namespace hocket
