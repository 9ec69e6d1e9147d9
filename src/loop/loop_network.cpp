#include "loop/loop_network.hpp"

#include <utility>

namespace hocket::detail {

void LoopResource::enter_loop(LoopNetwork& network, std::shared_ptr<void> self) noexcept {
    network_ = &network;
    self_ = std::move(self);
    network.resources().push_back(*this);
}

std::shared_ptr<void> LoopResource::leave_loop() noexcept {
    network_->resources().erase(*this);
    return std::move(self_);
}

engine::Resolver& LoopNetwork::resolver() {
    return resolver_ ? *resolver_ : resolver_.emplace(reactor_);
}

FdWatch& LoopNetwork::watch(int fd) {
    auto& watch = watches_[fd];
    if (!watch) {
        watch = std::make_unique<FdWatch>(reactor_.poller(), fd);
    }
    return *watch;
}

FdWatch* LoopNetwork::find_watch(int fd) noexcept {
    const auto found = watches_.find(fd);
    return found == watches_.end() ? nullptr : found->second.get();
}

void LoopNetwork::prune_watch(int fd) noexcept {
    const auto found = watches_.find(fd);
    if (found != watches_.end() && found->second->is_idle()) {
        watches_.erase(found);
    }
}

void LoopNetwork::close() noexcept {
    while (LoopResource* resource = resources_.front()) {
        resource->drop();
    }
    watches_.clear();
    if (resolver_) {
        resolver_->close();
    }
}

} // namespace hocket::detail
