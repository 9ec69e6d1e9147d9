#pragma once

#include <memory>

#include "loop/loop_resource.hpp"

namespace hocket::detail {

class ServerState;

/// A connection that is listed and kept alive by its server, or else by its loop.
class TrackedConnection : public LoopResource {
public:
    virtual void close_connection() noexcept = 0;
    virtual void abort_connection() noexcept = 0;
    /// Called when the server drains: ends the input once the client is not waiting for an answer.
    /// A connection that cannot tell continues as before.
    virtual void finish_connection() noexcept {}

protected:
    ~TrackedConnection() = default;

    /// Adds this to its server's clients, or to its loop's resources if `server` is null. `self`
    /// keeps this object alive.
    void enlist(LoopNetwork& network, std::shared_ptr<ServerState> server,
                std::shared_ptr<void> self) noexcept;
    /// Undoes `enlist`; returns the pointer that kept this object alive.
    [[nodiscard]] std::shared_ptr<void> delist() noexcept;

private:
    std::shared_ptr<ServerState> server_;
};

} // namespace hocket::detail
