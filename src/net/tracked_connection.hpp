#pragma once

#include <memory>

#include "loop/loop_resource.hpp"

namespace hocket::detail {

class ServerState;

/// A connection that its server, or else its loop, lists and keeps alive.
class TrackedConnection : public LoopResource {
public:
    virtual void close_connection() noexcept = 0;
    virtual void abort_connection() noexcept = 0;
    /// The server drains: ends the input once the client is owed no answer. A connection that does
    /// not know when that is goes on as before.
    virtual void finish_connection() noexcept {}

protected:
    ~TrackedConnection() = default;

    /// Adds this to its server's clients, or to its loop's resources when `server` is null. `self`
    /// keeps this alive.
    void enlist(LoopNetwork& network, std::shared_ptr<ServerState> server,
                std::shared_ptr<void> self) noexcept;
    /// Undoes that; returns what kept this alive.
    [[nodiscard]] std::shared_ptr<void> delist() noexcept;

private:
    std::shared_ptr<ServerState> server_;
};

} // namespace hocket::detail
