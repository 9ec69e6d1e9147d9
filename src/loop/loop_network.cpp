#include "loop/loop_network.hpp"

#include <utility>

#include "net/server_state.hpp"

namespace hocket::detail {

void OpenConnection::enlist(LoopNetwork& network, std::shared_ptr<ServerState> server,
                            std::shared_ptr<void> self) noexcept {
    network_ = &network;
    server_ = std::move(server);
    self_ = std::move(self);
    (server_ ? server_->clients() : network_->connections()).push_back(*this);
    if (server_) {
        server_->client_came();
    }
}

std::shared_ptr<void> OpenConnection::delist() noexcept {
    (server_ ? server_->clients() : network_->connections()).erase(*this);
    if (const std::shared_ptr<ServerState> server = std::move(server_)) {
        server->client_left();
    }
    return std::move(self_);
}

engine::Resolver& LoopNetwork::resolver() {
    return resolver_ ? *resolver_ : resolver_.emplace(reactor_);
}

const SSLContext& LoopNetwork::default_ssl_context() {
    return default_ssl_context_ ? *default_ssl_context_
                                : default_ssl_context_.emplace(create_default_context());
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
    while (ServerState* server = servers_.front()) {
        server->drop();
    }
    while (OpenConnection* connection = connections_.front()) {
        connection->drop_connection();
    }
    watches_.clear();
    if (resolver_) {
        resolver_->close();
    }
}

} // namespace hocket::detail
