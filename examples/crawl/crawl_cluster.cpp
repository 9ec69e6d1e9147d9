#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <hocket/dask_executor.hpp>
#include <hocket/ray_executor.hpp>
#include <memory>
#include <set>
#include <thread>
#include <unistd.h>
#include <vector>

#include "crawl/messages.hpp"
#include "crawl/way_implementations.hpp"

namespace crawl {
namespace {

/// Of all workers; those that take longer are used later.
constexpr std::chrono::seconds longest_start{30};

pid_t wait_a_moment() {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return ::getpid();
}

std::unique_ptr<hocket::RemoteExecutor> join(const CrawlOptions& options) {
    if (options.way == Way::dask)
        return std::make_unique<hocket::DaskExecutor>(
            hocket::DaskOptions{.address = options.address, .python = options.python});
    return std::make_unique<hocket::RayExecutor>(
        hocket::RayOptions{.address = options.address, .python = options.python});
}

} // namespace

std::unique_ptr<hocket::RemoteExecutor> join_cluster(const CrawlOptions& options) {
    fmt::print(stderr, "{}: joining the cluster and starting its workers ...\n",
               way_name(options.way));
    auto cluster = join(options);
    // Calls that take a moment spread over all workers, which start one after the other.
    const auto give_up_at = std::chrono::steady_clock::now() + longest_start;
    std::set<pid_t> workers;
    do {
        std::vector<hocket::Future<pid_t>> calls;
        for (std::size_t i = 0; i < 4 * cluster->max_workers() || i == 0; ++i)
            calls.push_back(cluster->submit(wait_a_moment));
        for (const auto& call : calls) workers.insert(call.result());
    } while (workers.size() < cluster->max_workers() &&
             std::chrono::steady_clock::now() < give_up_at);
    fmt::print(stderr, "{}: {} ready\n", way_name(options.way),
               counted(workers.size(), "worker is", "workers are"));
    return cluster;
}

} // namespace crawl
