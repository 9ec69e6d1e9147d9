#pragma once

#include <hocket/engine/socket.hpp>
#include <hocket/engine/timer.hpp>

#include "engine/failure.hpp"
#include "engine/lifetime.hpp"
#include "engine/poller.hpp"
#include "engine/reactor.hpp"

namespace hocket::engine {

/// Receives the connections that a Listener accepts. Every call may stop or destroy the listener.
class AcceptSink {
public:
    virtual void on_accept(Socket socket, const SocketAddress& peer) noexcept = 0;
    /// The process is out of descriptors or memory. The listener retries after a pause; this is
    /// reported once until accepting works again. If `is_listening` is false during the call, the
    /// failure has ended the listener instead.
    virtual void on_accept_failed(const Failure& failure) noexcept = 0;

protected:
    ~AcceptSink() = default;
};

/// A bound socket that accepts connections. Stored in its owner.
class Listener final : private Watcher, private Timer {
public:
    /// How long to pause if no descriptors are left: asyncio's ACCEPT_RETRY_DELAY.
    static constexpr Nanoseconds retry_delay = 1'000'000'000;

    Listener(Reactor& reactor, Socket bound, AcceptSink& sink) noexcept;
    ~Listener() { stop(); }

    /// Listens with room for `backlog` connections that are not accepted yet, and accepts up to
    /// that many per turn.
    [[nodiscard]] std::error_code start(int backlog) noexcept;
    /// Stops accepting and closes the socket.
    void stop() noexcept;

    [[nodiscard]] bool is_listening() const noexcept { return is_watching() || is_armed(); }
    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }

private:
    void on_ready(std::uint32_t events) noexcept override;
    void expire() noexcept override;
    bool accept_one() noexcept;
    bool accept_failed(int error) noexcept;

    Reactor& reactor_;
    Socket socket_;
    AcceptSink& sink_;
    int backlog_ = 0;
    bool notified_ = false; // the current shortage has been reported
    Lifetime lifetime_;
};

} // namespace hocket::engine
