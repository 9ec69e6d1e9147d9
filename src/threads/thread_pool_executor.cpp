#include <hocket/thread_pool_executor.hpp>

#include <algorithm>
#include <thread>
#include <utility>

#include "loop/report.hpp"
#include "threads/pool_stats.hpp"
#include "threads/thread_pool.hpp"

namespace hocket {

namespace {

std::size_t default_workers() {
    return std::min<std::size_t>(32, std::thread::hardware_concurrency() + 4);
}

} // namespace

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers, ThreadPoolOptions options)
    : pool_(std::make_unique<Pool>(*this, max_workers == 0 ? default_workers() : max_workers,
                                   std::move(options))) {}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    pool_->shutdown({.wait = true, .cancel_futures = false});
}

void ThreadPoolExecutor::shutdown(ShutdownOptions options) { pool_->shutdown(options); }

PoolStats ThreadPoolExecutor::stats() const noexcept { return detail::stats_of(pool_->status()); }

std::size_t ThreadPoolExecutor::max_workers() const noexcept { return pool_->max_workers(); }

detail::ForkPeers& ThreadPoolExecutor::fork_peers() noexcept { return *pool_; }

void ThreadPoolExecutor::enqueue(detail::Work& work) { pool_->enqueue(work); }

namespace detail {

void report_posted_exception(const std::exception_ptr& error) noexcept {
    report_thread_exception("exception in posted work", error);
}

} // namespace detail

} // namespace hocket
