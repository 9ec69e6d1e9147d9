#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <hocket/process_pool_executor.hpp>
#include <hocket/remote_executor.hpp>

#include "engine/pool/stream_worker.hpp"
#include "processes/pool/process_pool.hpp"
#include "processes/start/start_stream_worker.hpp"

inline hocket::engine::StreamPeer start_worker_here() {
    return hocket::detail::start_stream_worker();
}

/// A process pool whose workers are behind streams.
class StreamPool final : public hocket::RemoteExecutor {
public:
    using Start = std::function<hocket::engine::StreamPeer()>;

    explicit StreamPool(std::size_t max_workers,
                        hocket::engine::StreamOptions options = hocket::detail::stream_options(),
                        Start start = start_worker_here,
                        hocket::ProcessPoolOptions pool_options = {})
        : RemoteExecutor(start_pool(std::make_shared<Pool>(
              max_workers, std::move(options), std::move(start), std::move(pool_options)))) {}

private:
    struct Pool final : hocket::engine::WorkerStarter {
        Pool(std::size_t max_workers, hocket::engine::StreamOptions stream_options,
             Start start_peer, hocket::ProcessPoolOptions pool_options)
            : options(std::move(stream_options)),
              start(std::move(start_peer)),
              processes(max_workers, std::move(pool_options), *this) {}

        std::unique_ptr<hocket::engine::PoolWorker> start_worker(hocket::engine::PoolCore& pool,
                                                                 int number) override {
            return std::make_unique<hocket::engine::StreamWorker>(pool, number, start(), options);
        }
        hocket::engine::PoolCall* make_first_call(std::string& body) override {
            return processes.make_initializer_call(body);
        }

        const hocket::engine::StreamOptions options;
        const Start start;
        hocket::detail::ProcessPool processes;
    };

    /// The pool lives as long as its supervisor, also when a callback destroys the executor.
    static std::shared_ptr<hocket::detail::ProcessPool> start_pool(std::shared_ptr<Pool> pool) {
        pool->processes.core().start(pool);
        return {pool, &pool->processes};
    }
};
