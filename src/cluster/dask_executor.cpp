#include <hocket/dask_executor.hpp>

#include <utility>

#include "cluster/cluster_pool.hpp"

namespace hocket {

namespace {

detail::ClusterOptions cluster_options(DaskOptions options) {
    return {.engine = "Dask",
            .address = std::move(options.address),
            .python = std::move(options.python),
            .resources = std::move(options.resources),
            .max_workers = options.max_workers,
            .connect_timeout = options.connect_timeout,
            .files = std::move(options.files),
            .auth_token = {},
            .host = std::move(options.host),
            .initializer = options.initializer,
            .max_tasks_per_child = options.max_tasks_per_child,
            .on_output = std::move(options.on_output)};
}

} // namespace

DaskExecutor::DaskExecutor(DaskOptions options)
    : DaskExecutor(detail::ClusterPool::start(cluster_options(std::move(options)))) {}

DaskExecutor::DaskExecutor(std::shared_ptr<detail::ClusterPool> pool)
    : RemoteExecutor(pool->pool()), pool_(std::move(pool)) {}

DaskExecutor::~DaskExecutor() = default;

Future<std::vector<ClusterNode>> DaskExecutor::nodes() const { return pool_->nodes(); }

} // namespace hocket
