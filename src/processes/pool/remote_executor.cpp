#include <hocket/remote_executor.hpp>

#include <algorithm>
#include <utility>

#include <hocket/errors.hpp>

#include "processes/pool/process_pool.hpp"
#include "threads/pool_stats.hpp"

namespace hocket {

RemoteExecutor::RemoteExecutor(std::shared_ptr<detail::ProcessPool> pool) noexcept
    : pool_(std::move(pool)) {}

RemoteExecutor::~RemoteExecutor() { pool_->core().shutdown(true, false); }

void RemoteExecutor::shutdown(ShutdownOptions options) {
    pool_->core().shutdown(options.wait, options.cancel_futures);
}

PoolStats RemoteExecutor::stats() const noexcept {
    return detail::stats_of(pool_->core().status());
}

// A cluster that was not joined yet has no workers.
std::size_t RemoteExecutor::max_workers() const noexcept {
    return std::max<std::size_t>(1, pool_->core().max_workers());
}

void RemoteExecutor::kill_workers() { pool_->core().kill_workers(); }

void RemoteExecutor::submit_call(detail::RemoteCall& call, detail::GatherBuffer& body) {
    pool_->submit(call, body.ranges());
}

void RemoteExecutor::enqueue(detail::Work&) {
    throw RuntimeError(
        "a pool of processes cannot run a function that is submitted through an Executor&, "
        "because it cannot cross to another process: submit it to the "
        "ProcessPoolExecutor, or a RemoteExecutor&");
}

} // namespace hocket
