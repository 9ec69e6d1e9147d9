#include <hocket/ray_executor.hpp>

#include <utility>

#include "cluster/cluster_pool.hpp"

namespace hocket {

namespace {

detail::ClusterOptions cluster_options(RayOptions options) {
    auto common = detail::cluster_options("Ray", options);
    common.auth_token = std::move(options.auth_token);
    return common;
}

} // namespace

RayExecutor::RayExecutor(RayOptions options)
    : RayExecutor(detail::ClusterPool::start(cluster_options(std::move(options)))) {}

RayExecutor::RayExecutor(std::shared_ptr<detail::ClusterPool> pool)
    : RemoteExecutor(pool->pool()), pool_(std::move(pool)) {}

RayExecutor::~RayExecutor() = default;

Future<std::vector<ClusterNode>> RayExecutor::nodes() const { return pool_->nodes(); }

} // namespace hocket
