#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "engine/reactor.hpp"
#include "engine/resolver.hpp"
#include "loop/fd_watch.hpp"
#include "loop/loop_resource.hpp"

namespace hocket::detail {

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

    /// The watch on `fd`, made when there is none.
    [[nodiscard]] FdWatch& watch(int fd);
    /// nullptr when there is none.
    [[nodiscard]] FdWatch* find_watch(int fd) noexcept;
    /// Forgets the watch on `fd` when nobody is interested in it any more.
    void prune_watch(int fd) noexcept;

    engine::IntrusiveList<LoopResource>& resources() noexcept { return resources_; }

    /// The loop closes: drops everything. Handles to it stay usable, and find it closed.
    void close() noexcept;

private:
    engine::Reactor& reactor_;
    std::optional<engine::Resolver> resolver_;
    std::unordered_map<int, std::unique_ptr<FdWatch>> watches_;
    engine::IntrusiveList<LoopResource> resources_;
};

} // namespace hocket::detail
