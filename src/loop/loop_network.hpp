#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "engine/reactor.hpp"
#include "engine/resolver.hpp"
#include "loop/fd_watch.hpp"
#include "loop/loop_resource.hpp"

namespace hocket::detail {

/// The open resources of a loop: connections, servers, watched descriptors, resolver queries.
class LoopNetwork {
public:
    explicit LoopNetwork(engine::Reactor& reactor) noexcept : reactor_(reactor) {}
    ~LoopNetwork() { close(); }
    LoopNetwork(const LoopNetwork&) = delete;
    LoopNetwork& operator=(const LoopNetwork&) = delete;

    [[nodiscard]] engine::Reactor& reactor() noexcept { return reactor_; }
    /// Created on first use.
    [[nodiscard]] engine::Resolver& resolver();

    /// The watch on `fd`; created if there is none.
    [[nodiscard]] FdWatch& watch(int fd);
    /// The watch on `fd`; nullptr if there is none.
    [[nodiscard]] FdWatch* find_watch(int fd) noexcept;
    /// Removes the watch on `fd` if it has no listeners any more.
    void prune_watch(int fd) noexcept;

    engine::IntrusiveList<LoopResource>& resources() noexcept { return resources_; }

    /// Called when the loop closes: drops all resources. Handles to them stay usable and find them
    /// closed.
    void close() noexcept;

private:
    engine::Reactor& reactor_;
    std::optional<engine::Resolver> resolver_;
    std::unordered_map<int, std::unique_ptr<FdWatch>> watches_;
    engine::IntrusiveList<LoopResource> resources_;
};

} // namespace hocket::detail
