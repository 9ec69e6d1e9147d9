// The tests of every kind of RemoteExecutor, tests/processes/remote_*.cpp, on a cluster.

#include <memory>
#include <vector>

#include "cluster/cluster_executor.hpp"
#include "support/remote_pool.hpp"

using namespace hocket;

std::vector<RemotePoolKind> remote_pool_kinds() {
    const auto make = [](std::size_t max_workers, const ProcessPoolOptions& options) {
        ClusterTestOptions cluster;
        cluster.max_workers = max_workers;
        cluster.initializer = options.initializer;
        cluster.max_tasks_per_child = options.max_tasks_per_child;
        return ClusterExecutor(cluster).release();
    };
    return {{is_ray() ? "Ray" : "Dask", make}};
}
