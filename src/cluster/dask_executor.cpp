#include <hocket/dask_executor.hpp>

#include <utility>

#include "cluster/cluster_pool.hpp"

namespace hocket {

namespace {

detail::ClusterOptions cluster_options(DaskOptions options) {
    auto common = detail::cluster_options("Dask", options);
    common.tls_ca_file = std::move(options.tls_ca_file);
    common.tls_cert = std::move(options.tls_cert);
    common.tls_key = std::move(options.tls_key);
    return common;
}

} // namespace

DaskExecutor::DaskExecutor(DaskOptions options)
    : DaskExecutor(detail::ClusterPool::start(cluster_options(std::move(options)))) {}

DaskExecutor::DaskExecutor(std::shared_ptr<detail::ClusterPool> pool)
    : RemoteExecutor(pool->pool()), pool_(std::move(pool)) {}

DaskExecutor::~DaskExecutor() = default;

Future<std::vector<ClusterNode>> DaskExecutor::nodes() const { return pool_->nodes(); }

} // namespace hocket
