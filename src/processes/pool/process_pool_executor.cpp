#include <hocket/process_pool_executor.hpp>

#include <algorithm>
#include <thread>
#include <utility>

#include "processes/pool/process_pool.hpp"

namespace hocket {

namespace {

std::shared_ptr<detail::ProcessPool> start_pool(std::size_t max_workers,
                                                ProcessPoolOptions options) {
    if (max_workers == 0) {
        max_workers = std::max(1U, std::thread::hardware_concurrency());
    }
    auto pool = std::make_shared<detail::ProcessPool>(max_workers, std::move(options));
    pool->start();
    return pool;
}

} // namespace

ProcessPoolExecutor::ProcessPoolExecutor(std::size_t max_workers, ProcessPoolOptions options)
    : RemoteExecutor(start_pool(max_workers, std::move(options))) {}

ProcessPoolExecutor::~ProcessPoolExecutor() = default;

} // namespace hocket
