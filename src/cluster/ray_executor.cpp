#include <hocket/ray_executor.hpp>

#include <utility>

#include "cluster/cluster_pool.hpp"

namespace hocket {

namespace {

detail::ClusterOptions cluster_options(RayOptions options) {
    return {.engine = "Ray",
            .address = std::move(options.address),
            .python = std::move(options.python),
            .resources = std::move(options.resources),
            .max_workers = options.max_workers,
            .connect_timeout = options.connect_timeout,
            .files = std::move(options.files),
            .auth_token = std::move(options.auth_token),
            .host = std::move(options.host),
            .initializer = options.initializer,
            .max_tasks_per_child = options.max_tasks_per_child,
            .on_output = std::move(options.on_output)};
}

} // namespace

RayExecutor::RayExecutor(RayOptions options)
    : RayExecutor(detail::ClusterPool::start(cluster_options(std::move(options)))) {}

RayExecutor::RayExecutor(std::shared_ptr<detail::ClusterPool> pool)
    : RemoteExecutor(pool->pool()), pool_(std::move(pool)) {}

RayExecutor::~RayExecutor() = default;

Future<std::vector<ClusterNode>> RayExecutor::nodes() const { return pool_->nodes(); }

} // namespace hocket
