#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <hocket/engine/socket.hpp>
#include <hocket/engine/timer.hpp>

#include "engine/failure.hpp"
#include "engine/poller.hpp"
#include "engine/reactor.hpp"

namespace hocket::engine {

/// What to connect to and how.
struct ConnectPlan {
    std::vector<SocketAddress> addresses; ///< Tried in this order.
    /// Where to connect from: the first of the right family that can be bound. Empty: anywhere.
    std::vector<SocketAddress> local_addresses;
    /// When set: do not wait for a failure longer than this before the next address is tried beside
    /// (RFC 8305, "happy eyeballs"). The first to succeed wins.
    std::optional<Nanoseconds> happy_eyeballs_delay;
};

/// Reorders `addresses` so that the families take turns, after `first_family_count` of the first
/// family (asyncio's `interleave`).
[[nodiscard]] std::vector<SocketAddress> interleave_families(std::vector<SocketAddress> addresses,
                                                             std::size_t first_family_count);

/// One failure out of those of all addresses: the only one; or, with several, a text that has all.
[[nodiscard]] Failure combine_failures(const std::vector<Failure>& failures);

/// Who is told how connecting went, exactly once. May destroy the connector.
class ConnectSink {
public:
    virtual void on_connected(Socket socket, const SocketAddress& peer) noexcept = 0;
    /// Nothing worked; a failure for each address, in the order in which they failed.
    virtual void on_connect_failed(std::vector<Failure> failures) noexcept = 0;

protected:
    ~ConnectSink() = default;
};

/// Connects a stream socket to the first address that answers. Lives in its owner; destroying it
/// closes every attempt.
class Connector final : private Timer, private TurnEnd {
public:
    Connector(Reactor& reactor, ConnectSink& sink) noexcept;
    ~Connector();

    /// Begins. The sink is never called from within this call.
    void start(ConnectPlan plan);
    /// Gives up: every attempt is closed, the sink is not called.
    void cancel() noexcept;
    using Timer::cancel;
    [[nodiscard]] bool is_pending() const noexcept { return is_pending_; }

private:
    struct Attempt;

    void expire() noexcept override;
    void on_turn_end() noexcept override;
    void try_next() noexcept;
    bool try_address(const SocketAddress& address) noexcept;
    bool bind_local(Socket& socket, int family) noexcept;
    void finish_attempt(Attempt& attempt) noexcept;
    void tell() noexcept;
    void add_failure(std::error_code error, std::string what) noexcept;

    Reactor& reactor_;
    ConnectSink& sink_;
    ConnectPlan plan_;
    bool is_pending_ = false;
    std::size_t next_ = 0; // the address to try next
    std::vector<std::unique_ptr<Attempt>> attempts_;
    std::vector<Failure> failures_;
    Socket connected_;
    SocketAddress peer_;
};

} // namespace hocket::engine
