#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>

#ifdef HOCKET_BENCH_RAY
#include <hocket/ray_executor.hpp>
#else
#include <hocket/dask_executor.hpp>
#endif

namespace bench {

#ifdef HOCKET_BENCH_RAY
using ClusterExecutor = hocket::RayExecutor;
#else
using ClusterExecutor = hocket::DaskExecutor;
#endif

/// An executor on the cluster at HOCKET_CLUSTER_ADDRESS, or on one of its own. Its interpreter is
/// HOCKET_CLUSTER_PYTHON, or the one that scripts/install-clusters has made.
inline std::unique_ptr<ClusterExecutor> join_cluster(std::size_t workers) {
    const auto variable = [](const char* name, const char* otherwise) -> std::string {
        const char* const text = std::getenv(name);
        return text != nullptr ? text : otherwise;
    };
    return std::unique_ptr<ClusterExecutor>(new ClusterExecutor({
        .address = variable("HOCKET_CLUSTER_ADDRESS", ""),
        .python = variable("HOCKET_CLUSTER_PYTHON", HOCKET_BENCH_PYTHON),
        .max_workers = workers,
    }));
}

} // namespace bench
