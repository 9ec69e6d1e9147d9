#pragma once

#include <hocket/hocket.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace crawl {

/// Connections that are open and idle, by "host:port".
class ConnectionPool {
public:
    /// An idle connection, or nothing: then open one.
    std::optional<hocket::Connection> take(const std::string& authority) {
        auto& idle = idle_[authority];
        if (idle.empty()) return std::nullopt;
        hocket::Connection connection = std::move(idle.back());
        idle.pop_back();
        return connection;
    }

    void put(const std::string& authority, hocket::Connection connection) {
        idle_[authority].push_back(std::move(connection));
    }

private:
    std::unordered_map<std::string, std::vector<hocket::Connection>> idle_;
};

} // namespace crawl
