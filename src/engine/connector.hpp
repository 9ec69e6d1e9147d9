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

/// The addresses to connect to, and how.
struct ConnectPlan {
    std::vector<SocketAddress> addresses; ///< Tried in this order.
    /// Local addresses: the first one of the right family that can be bound is used. If empty, the
    /// kernel chooses.
    std::vector<SocketAddress> local_addresses;
    /// If set, the next address is tried in parallel when an attempt has not failed after this time
    /// (RFC 8305, "happy eyeballs"). The first to succeed is used.
    std::optional<Nanoseconds> happy_eyeballs_delay;
};

/// Reorders `addresses` so that the families alternate after `first_family_count` addresses of the
/// first family (asyncio's `interleave`).
[[nodiscard]] std::vector<SocketAddress> interleave_families(std::vector<SocketAddress> addresses,
                                                             std::size_t first_family_count);

/// Combines the failures of all addresses into one. If there are several, its text contains all of
/// them.
[[nodiscard]] Failure combine_failures(const std::vector<Failure>& failures);

/// Receives the result of connecting, exactly once. The call may destroy the connector.
class ConnectSink {
public:
    virtual void on_connected(Socket socket, const SocketAddress& peer) noexcept = 0;
    /// All addresses failed; `failures` has one entry for each, in the order in which they failed.
    virtual void on_connect_failed(std::vector<Failure> failures) noexcept = 0;

protected:
    ~ConnectSink() = default;
};

/// Connects a stream socket to the first address that answers. Stored in its owner; destroying it
/// closes every attempt.
class Connector final : private Timer, private TurnEnd {
public:
    Connector(Reactor& reactor, ConnectSink& sink) noexcept;
    ~Connector();

    /// Starts connecting. Never calls the sink from within this call.
    void start(ConnectPlan plan);
    /// Closes every attempt without calling the sink.
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
