#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/detail/processes/calls/remote_call.hpp>
#include <hocket/detail/processes/calls/remote_chunk.hpp>
#include <hocket/executor.hpp>
#include <hocket/pool_stats.hpp>

namespace hocket {

/// Calls functions in other processes of this program: what ProcessPoolExecutor, RayExecutor and
/// DaskExecutor have in common. A function that takes a RemoteExecutor& works with all of them.
///
/// The functions may be free functions, static member functions and lambdas without captures;
/// arguments and results must be of types for which `crosses` is true. Anything else does not
/// compile. May be used from any thread.
class RemoteExecutor : public Executor {
public:
    RemoteExecutor(const RemoteExecutor&) = delete;
    RemoteExecutor& operator=(const RemoteExecutor&) = delete;
    ~RemoteExecutor() override;

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

protected:
    explicit RemoteExecutor(std::shared_ptr<detail::ProcessPool> pool) noexcept;

private:
    void submit_call(detail::RemoteCall& call, detail::GatherBuffer& body);
    void enqueue(detail::Work& work) override;

    const std::shared_ptr<detail::ProcessPool> pool_;
};

} // namespace hocket
