#include "net/tracked_connection.hpp"

#include <utility>

#include "net/server_state.hpp"

namespace hocket::detail {

void TrackedConnection::enlist(LoopNetwork& network, std::shared_ptr<ServerState> server,
                               std::shared_ptr<void> self) noexcept {
    if (!server) {
        enter_loop(network, std::move(self));
        return;
    }
    server_ = std::move(server);
    self_ = std::move(self);
    server_->clients().push_back(*this);
    server_->client_came();
}

std::shared_ptr<void> TrackedConnection::delist() noexcept {
    if (!server_) {
        return leave_loop();
    }
    const std::shared_ptr<ServerState> server = std::move(server_);
    server->clients().erase(*this);
    server->client_left();
    return std::move(self_);
}

} // namespace hocket::detail
