#include <hocket/process_pool_executor.hpp>

#include <thread>

#include "processes/pool/process_pool.hpp"
#include "threads/pool_stats.hpp"

namespace hocket {

ProcessPoolExecutor::ProcessPoolExecutor(std::size_t max_workers, ProcessPoolOptions options)
    : pool_(std::make_shared<detail::ProcessPool>(
          max_workers == 0 ? std::max(1U, std::thread::hardware_concurrency()) : max_workers,
          std::move(options))) {
    pool_->start();
}

ProcessPoolExecutor::~ProcessPoolExecutor() { pool_->core().shutdown(true, false); }

void ProcessPoolExecutor::shutdown(ShutdownOptions options) {
    pool_->core().shutdown(options.wait, options.cancel_futures);
}

PoolStats ProcessPoolExecutor::stats() const noexcept {
    return detail::stats_of(pool_->core().status());
}

std::size_t ProcessPoolExecutor::max_workers() const noexcept {
    return pool_->core().max_workers();
}

void ProcessPoolExecutor::kill_workers() { pool_->core().kill_workers(); }

void ProcessPoolExecutor::submit_call(detail::RemoteCall& call, detail::GatherBuffer& body) {
    pool_->submit(call, body.ranges());
}

void ProcessPoolExecutor::enqueue(detail::Work&) {
    throw RuntimeError(
        "a process pool cannot run a function that is submitted through an Executor&, "
        "because it cannot cross to another process: submit it to the "
        "ProcessPoolExecutor itself");
}

} // namespace hocket
