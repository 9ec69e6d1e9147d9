#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/cluster_node.hpp>
#include <hocket/future.hpp>
#include <hocket/remote_executor.hpp>

namespace hocket {

namespace detail {
class ClusterPool;
} // namespace detail

/// Options of a RayExecutor.
struct RayOptions {
    /// Where the cluster is: "10.0.0.1:6379", "auto" (the one that this machine belongs to) or
    /// "ray://10.0.0.1:10001". If empty, a cluster is started on this machine, and ended with the
    /// executor.
    std::string address{};
    /// The Python interpreter in which Ray is installed: of the same version as the cluster's.
    std::string python = "python3";
    /// What a worker needs, beside one CPU: {{"GPU", 1}}, or resources of the cluster's own.
    std::map<std::string, double> resources{};
    /// The most workers; 0: as many as the cluster has room for, also when it grows.
    std::size_t max_workers = 0;
    /// How long joining the cluster may take, and how long a worker may take to connect.
    std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);
    /// Shared libraries that the program needs and the nodes do not have. They are sent to the
    /// nodes with the program.
    std::vector<std::string> files{};
    /// The cluster's token, if it asks for one (RAY_AUTH_MODE=token).
    std::string auth_token{};
    /// The address of this machine to which workers connect: "10.0.0.9", or "10.0.0.9:7000" with a
    /// fixed port. If empty, the address that leads to the cluster, and any port.
    std::string host{};
    /// As in ProcessPoolOptions.
    void (*initializer)() = nullptr;
    std::size_t max_tasks_per_child = 0;
    /// As in ProcessPoolOptions: called with every line that a worker writes, wherever it runs.
    std::function<void(int worker, bool is_error, std::string_view line)> on_output = {};
};

/// A pool of worker processes on the nodes of a Ray cluster, used like a ProcessPoolExecutor. A
/// worker is this program, which is sent to each node once. It holds its resources in the cluster
/// until the executor is shut down.
///
///     int add(int a, int b) { return a + b; }
///
///     hocket::RayExecutor ray({.address = "10.0.0.1:6379"});
///     int total = co_await ray.submit(add, 20, 22);
///
/// The constructor returns at once. Calls wait until the cluster has been joined; if it cannot be
/// joined, they and later calls fail with BrokenExecutor, which says why. Calls go directly from
/// this process to the workers, which must be able to connect to it; see docs/clusters.md. If a
/// worker or its node dies, the call that ran there fails with WorkerDied, which names the node. No
/// call is made twice.
///
/// SharedArray and other objects that share memory cannot be arguments or results, because the
/// nodes do not share memory; submitting them makes the future fail with RuntimeError.
class RayExecutor final : public RemoteExecutor {
public:
    /// Throws ValueError for options that make no sense, and std::system_error if the interpreter
    /// cannot be started.
    explicit RayExecutor(RayOptions options = {});
    ~RayExecutor() override;

    /// The nodes of the cluster now, as of at most a second ago. Waits until the cluster has been
    /// joined, and fails with BrokenExecutor if it cannot be joined or was left.
    [[nodiscard]] Future<std::vector<ClusterNode>> nodes() const;

private:
    explicit RayExecutor(std::shared_ptr<detail::ClusterPool> pool);

    std::shared_ptr<detail::ClusterPool> pool_;
};

} // namespace hocket
