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

ProcessPoolExecutor::~ProcessPoolExecutor() {
    pool_->shutdown({.wait = true, .cancel_futures = false});
}

void ProcessPoolExecutor::shutdown(ShutdownOptions options) { pool_->shutdown(options); }

PoolStats ProcessPoolExecutor::stats() const noexcept { return detail::stats_of(pool_->status()); }

std::size_t ProcessPoolExecutor::max_workers() const noexcept { return pool_->max_workers(); }

void ProcessPoolExecutor::kill_workers() { pool_->kill_workers(); }

void ProcessPoolExecutor::submit_call(detail::RemoteCall& call, const detail::GatherBuffer& body) {
    pool_->submit(call, body);
}

void ProcessPoolExecutor::enqueue(detail::Work&) {
    throw RuntimeError(
        "a process pool cannot run a function that is submitted through an Executor&, "
        "because it cannot cross to another process: submit it to the "
        "ProcessPoolExecutor itself");
}

} // namespace hocket
