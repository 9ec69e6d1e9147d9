#pragma once

#include <memory>
#include <string>

#include <hocket/process_pool_executor.hpp>

#include "engine/pool/pool_core.hpp"
#include "processes/start/worker_output.hpp"

namespace hocket::detail {

/// The pool of a ProcessPoolExecutor: the engine's pool, with workers that share memory with this
/// process, or with those of another starter.
class ProcessPool final : public std::enable_shared_from_this<ProcessPool>,
                          private engine::WorkerStarter {
public:
    ProcessPool(std::size_t max_workers, ProcessPoolOptions options);
    /// `starter` must live until all workers have ended. It makes its workers' first calls with
    /// `make_initializer_call`.
    ProcessPool(std::size_t max_workers, ProcessPoolOptions options,
                engine::WorkerStarter& starter);

    void start() { core_.start(shared_from_this()); }
    /// Takes over a reference to `call`. Throws RuntimeError after the shutdown, BrokenExecutor if
    /// the pool is broken, and std::system_error if the call cannot be sent.
    void submit(RemoteCall& call, engine::ByteRanges body);
    /// A call of the initializer; nullptr if the pool has no initializer.
    [[nodiscard]] engine::PoolCall* make_initializer_call(std::string& body);
    [[nodiscard]] engine::PoolCore& core() noexcept { return core_; }

private:
    std::unique_ptr<engine::PoolWorker> start_worker(engine::PoolCore& pool, int number) override;
    engine::PoolCall* make_first_call(std::string& body) override {
        return make_initializer_call(body);
    }

    const ProcessPoolOptions options_;
    OutputSink output_;
    engine::PoolCore core_;
};

} // namespace hocket::detail
