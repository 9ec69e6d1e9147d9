#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/bridge_message.hpp"

namespace hocket::detail {

/// The options of an executor on a cluster, whatever its engine.
struct ClusterOptions {
    std::string engine; // "Ray", "Dask"
    std::string address;
    std::string python;
    std::map<std::string, double> resources;
    std::size_t max_workers = 0;
    std::chrono::nanoseconds connect_timeout{};
    std::vector<std::string> files;
    std::string auth_token;
    std::string tls_ca_file;
    std::string tls_cert;
    std::string tls_key;
    std::string host;
    void (*initializer)() = nullptr;
    std::size_t max_tasks_per_child = 0;
    std::function<void(int worker, bool is_error, std::string_view line)> on_output;

    /// Throws ValueError.
    void check() const;
    /// What the bridge needs to know of them.
    [[nodiscard]] BridgeMessage describe() const;
    /// `host` in two parts; the port is 0 if it has none.
    [[nodiscard]] std::pair<std::string, std::uint16_t> host_and_port() const;

private:
    void check_tls() const;
};

/// Takes over the options that the executors of all engines have.
template <class Options> ClusterOptions cluster_options(std::string engine, Options& options) {
    ClusterOptions common;
    common.engine = std::move(engine);
    common.address = std::move(options.address);
    common.python = std::move(options.python);
    common.resources = std::move(options.resources);
    common.max_workers = options.max_workers;
    common.connect_timeout = options.connect_timeout;
    common.files = std::move(options.files);
    common.host = std::move(options.host);
    common.initializer = options.initializer;
    common.max_tasks_per_child = options.max_tasks_per_child;
    common.on_output = std::move(options.on_output);
    return common;
}

} // namespace hocket::detail
