#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include <hocket/ssl_context.hpp>

#include "engine/reactor.hpp"
#include "engine/resolver.hpp"
#include "loop/fd_watch.hpp"
#include "loop/open_connection.hpp"

namespace hocket::detail {

class ServerState;

/// What a loop has open: connections, servers, watched descriptors, questions to the resolver.
class LoopNetwork {
public:
    explicit LoopNetwork(engine::Reactor& reactor) noexcept : reactor_(reactor) {}
    ~LoopNetwork() { close(); }
    LoopNetwork(const LoopNetwork&) = delete;
    LoopNetwork& operator=(const LoopNetwork&) = delete;

    [[nodiscard]] engine::Reactor& reactor() noexcept { return reactor_; }
    /// Made when first asked for.
    [[nodiscard]] engine::Resolver& resolver();
    /// For `ssl = true`: made when first asked for, since to read the system's certificates takes
    /// milliseconds.
    [[nodiscard]] const SSLContext& default_ssl_context();

    /// The watch on `fd`, made when there is none.
    [[nodiscard]] FdWatch& watch(int fd);
    /// nullptr when there is none.
    [[nodiscard]] FdWatch* find_watch(int fd) noexcept;
    /// Forgets the watch on `fd` when nobody is interested in it any more.
    void prune_watch(int fd) noexcept;

    engine::IntrusiveList<OpenConnection>& connections() noexcept { return connections_; }
    engine::IntrusiveList<ServerState>& servers() noexcept { return servers_; }

    /// The loop closes: drops everything. Handles to it stay usable, and find it closed.
    void close() noexcept;

private:
    engine::Reactor& reactor_;
    std::optional<engine::Resolver> resolver_;
    std::optional<SSLContext> default_ssl_context_;
    std::unordered_map<int, std::unique_ptr<FdWatch>> watches_;
    engine::IntrusiveList<OpenConnection> connections_;
    engine::IntrusiveList<ServerState> servers_;
};

} // namespace hocket::detail
