#pragma once

#include <memory>

#include <hocket/engine/intrusive_list.hpp>

namespace hocket::detail {

class LoopNetwork;
class ServerState;

/// A connection that a loop keeps alive until it is closed: a server's client, or one that was
/// opened.
class OpenConnection : public engine::ListLink {
public:
    virtual void close_connection() noexcept = 0;
    virtual void abort_connection() noexcept = 0;
    /// The server drains: ends the input once the client is owed no answer. A connection that does
    /// not know when that is goes on as before.
    virtual void finish_connection() noexcept {}
    /// The loop is closed: let go of everything that is the loop's, without a word to anybody.
    virtual void drop_connection() noexcept = 0;

protected:
    ~OpenConnection() = default;

    /// Lists this with its server, or with its loop when `server` is null. `self` keeps it alive.
    void enlist(LoopNetwork& network, std::shared_ptr<ServerState> server,
                std::shared_ptr<void> self) noexcept;
    /// Undoes that; returns what kept this alive.
    [[nodiscard]] std::shared_ptr<void> delist() noexcept;

private:
    LoopNetwork* network_ = nullptr;
    std::shared_ptr<ServerState> server_;
    std::shared_ptr<void> self_;
};

} // namespace hocket::detail
