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

/// Options of a DaskExecutor.
struct DaskOptions {
    /// Where the scheduler is: "tcp://10.0.0.1:8786" or "tls://10.0.0.1:8786". If empty, a cluster
    /// is started on this machine, and ended with the executor.
    std::string address{};
    /// The Python interpreter in which dask.distributed is installed.
    std::string python = "python3";
    /// What a worker needs, beside one thread of a Dask worker: {{"GPU", 1}}, resources that the
    /// Dask workers were started with.
    std::map<std::string, double> resources{};
    /// The most workers; 0: as many as the cluster has room for, also when it grows.
    std::size_t max_workers = 0;
    /// How long joining the cluster may take, and how long a worker may take to connect.
    std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);
    /// Shared libraries that the program needs and the nodes do not have. They are sent to the
    /// nodes with the program.
    std::vector<std::string> files{};
    /// For a scheduler with TLS, files in PEM format: the certificate of the authority, and a
    /// certificate of this program with its key. All three or none; without them, those that Dask's
    /// own configuration names. The calls themselves are not encrypted.
    std::string tls_ca_file{};
    std::string tls_cert{};
    std::string tls_key{};
    /// The address of this machine to which workers connect: "10.0.0.9", or "10.0.0.9:7000" with a
    /// fixed port. If empty, the address that leads to the cluster, and any port.
    std::string host{};
    /// As in ProcessPoolOptions.
    void (*initializer)() = nullptr;
    std::size_t max_tasks_per_child = 0;
    /// As in ProcessPoolOptions: called with every line that a worker writes, wherever it runs.
    std::function<void(int worker, bool is_error, std::string_view line)> on_output = {};
};

/// A pool of worker processes on the nodes of a Dask cluster, used like a ProcessPoolExecutor. A
/// worker is this program, which is sent to each node once. It holds a thread of a Dask worker
/// until the executor is shut down.
///
///     int add(int a, int b) { return a + b; }
///
///     hocket::DaskExecutor dask({.address = "tcp://10.0.0.1:8786"});
///     int total = co_await dask.submit(add, 20, 22);
///
/// What RayExecutor says of joining the cluster, failures and shared memory holds here, too. Dask
/// itself makes a task again if its worker was lost; hocket's calls are not tasks of Dask, and no
/// call is made twice.
class DaskExecutor final : public RemoteExecutor {
public:
    /// Throws ValueError for options that make no sense, and std::system_error if the interpreter
    /// cannot be started.
    explicit DaskExecutor(DaskOptions options = {});
    ~DaskExecutor() override;

    /// Dask's workers now, as of at most a second ago. Waits until the cluster has been joined, and
    /// fails with BrokenExecutor if it cannot be joined or was left.
    [[nodiscard]] Future<std::vector<ClusterNode>> nodes() const;

private:
    explicit DaskExecutor(std::shared_ptr<detail::ClusterPool> pool);

    std::shared_ptr<detail::ClusterPool> pool_;
};

} // namespace hocket
