#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/detail/processes/calls/remote_call.hpp>
#include <hocket/future.hpp>
#include <hocket/process_pool_executor.hpp>

#include "engine/pool/stream_worker.hpp"
#include "processes/pool/process_pool.hpp"
#include "processes/start/start_stream_worker.hpp"

/// A process pool whose workers are behind streams.
class StreamPool final : public hocket::engine::WorkerStarter {
public:
    using Start = std::function<hocket::engine::StreamPeer()>;

    explicit StreamPool(
        std::size_t max_workers,
        hocket::engine::StreamOptions options = hocket::detail::stream_options(),
        Start start = [] { return hocket::detail::start_stream_worker(); },
        hocket::ProcessPoolOptions pool_options = {})
        : options_(std::move(options)),
          start_(std::move(start)),
          pool_(std::make_shared<hocket::detail::ProcessPool>(max_workers, std::move(pool_options),
                                                              *this)) {
        pool_->start();
    }
    ~StreamPool() { shutdown(true, false); }
    StreamPool(const StreamPool&) = delete;
    StreamPool& operator=(const StreamPool&) = delete;

    template <class F, class... Args> auto submit(const F& function, Args&&... args) {
        return submit_with({}, function, std::forward<Args>(args)...);
    }
    template <class F, class... Args>
    auto submit_with(const hocket::SubmitOptions& options, const F& function, Args&&... args) {
        using namespace hocket;
        using R = detail::RemoteResult<std::decay_t<F>, std::remove_cvref_t<Args>...>;
        detail::GatherBuffer body;
        Future<R> future(
            detail::FuturePointer<detail::FutureState<R>>(new detail::RemoteCallState<R>(pool_)));
        auto& call = static_cast<detail::RemoteCallState<R>&>(future.state());
        call.function =
            detail::pack_call<std::decay_t<F>>(body, call.descriptors, function, args...);
        call.set_options(options);
        call.ref(); // the pool's reference
        pool_->submit(call, body.ranges());
        return future;
    }
    void shutdown(bool wait, bool cancel_futures) { pool_->core().shutdown(wait, cancel_futures); }
    void kill_workers() { pool_->core().kill_workers(); }

private:
    std::unique_ptr<hocket::engine::PoolWorker> start_worker(hocket::engine::PoolCore& pool,
                                                             int number) override {
        return std::make_unique<hocket::engine::StreamWorker>(pool, number, start_(), options_);
    }
    hocket::engine::PoolCall* make_first_call(std::string& body) override {
        return pool_->make_initializer_call(body);
    }

    const hocket::engine::StreamOptions options_;
    const Start start_;
    std::shared_ptr<hocket::detail::ProcessPool> pool_;
};
