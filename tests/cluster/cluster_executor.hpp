#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/dask_executor.hpp>
#include <hocket/ray_executor.hpp>

/// A variable of the environment, which scripts/cluster-test sets.
inline std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

inline bool is_ray() { return variable("HOCKET_TEST_ENGINE") == "ray"; }

/// What RayOptions and DaskOptions have in common.
struct ClusterTestOptions {
    std::string address = variable("HOCKET_TEST_ADDRESS"); // empty: a cluster of the executor's own
    std::string python = variable("HOCKET_TEST_PYTHON");
    std::map<std::string, double> resources{};
    std::size_t max_workers = 2;
    std::chrono::nanoseconds connect_timeout = std::chrono::seconds(60); // machines may be busy
    std::vector<std::string> files{};
    std::string host{};
    std::string auth_token = variable("HOCKET_TEST_TOKEN"); // Ray's
    void (*initializer)() = nullptr;
    std::size_t max_tasks_per_child = 0;
    std::function<void(int, bool, std::string_view)> on_output{};

    template <class Options> [[nodiscard]] Options as() const {
        Options options;
        options.address = address;
        options.python = python;
        options.resources = resources;
        options.max_workers = max_workers;
        options.connect_timeout = connect_timeout;
        options.files = files;
        options.host = host;
        options.initializer = initializer;
        options.max_tasks_per_child = max_tasks_per_child;
        options.on_output = on_output;
        return options;
    }
};

/// An executor of the engine that is tested.
class ClusterExecutor {
public:
    explicit ClusterExecutor(const ClusterTestOptions& options = {}) {
        if (is_ray()) {
            auto ray_options = options.as<hocket::RayOptions>();
            ray_options.auth_token = options.auth_token;
            auto ray = std::make_unique<hocket::RayExecutor>(std::move(ray_options));
            nodes = [&executor = *ray] { return executor.nodes(); };
            executor_ = std::move(ray);
        } else {
            auto dask = std::make_unique<hocket::DaskExecutor>(options.as<hocket::DaskOptions>());
            nodes = [&executor = *dask] { return executor.nodes(); };
            executor_ = std::move(dask);
        }
    }
    hocket::RemoteExecutor& operator*() const { return *executor_; }
    hocket::RemoteExecutor* operator->() const { return executor_.get(); }
    /// The executor itself, without `nodes`.
    std::unique_ptr<hocket::RemoteExecutor> release() { return std::move(executor_); }

    std::function<hocket::Future<std::vector<hocket::ClusterNode>>()> nodes;

private:
    std::unique_ptr<hocket::RemoteExecutor> executor_;
};
