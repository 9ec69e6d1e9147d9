#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <hocket/event_loop.hpp>
#include <hocket/socket.hpp>

#include "engine/stream_transport.hpp"
#include "engine/tls_transport.hpp"
#include "loop/event_loop_state.hpp"
#include "tls/tls_plan.hpp"

namespace hocket::detail {

/// The layers that carry a connection's bytes: its socket or pipe, and TLS on top if the connection
/// uses it.
class ConnectionLayers {
public:
    ConnectionLayers(EventLoop& loop, Socket socket, const SocketAddress& peer,
                     engine::StreamHandler& handler)
        : peer_(peer) {
        top_ = &socket_.emplace(reactor_of(loop), std::move(socket), &peer_, handler);
    }
    ConnectionLayers(EventLoop& loop, engine::PipeChannel pipe, engine::StreamHandler& handler) {
        top_ = &socket_.emplace(reactor_of(loop), std::move(pipe), handler);
    }

    ConnectionLayers(const ConnectionLayers&) = delete;
    ConnectionLayers& operator=(const ConnectionLayers&) = delete;

    /// Unknown for a pipe.
    [[nodiscard]] const SocketAddress& peer() const noexcept { return peer_; }
    /// The layer to write to and to pause; nullptr once dropped.
    [[nodiscard]] engine::Stream* top() const noexcept { return top_; }
    [[nodiscard]] bool is_dropped() const noexcept { return top_ == nullptr; }
    /// nullptr once dropped.
    [[nodiscard]] engine::StreamTransport* socket() noexcept {
        return is_dropped() ? nullptr : &*socket_;
    }
    [[nodiscard]] const engine::StreamTransport* socket() const noexcept {
        return is_dropped() ? nullptr : &*socket_;
    }
    /// The socket if written bytes reach it unchanged (no TLS, not a pipe); otherwise nullptr.
    [[nodiscard]] engine::StreamTransport* plain_socket() noexcept {
        return tls_ == nullptr && !is_dropped() && socket_->socket().is_open() ? &*socket_
                                                                               : nullptr;
    }
    /// nullptr if the connection does not use TLS.
    [[nodiscard]] engine::TlsTransport* tls() const noexcept { return tls_.get(); }
    [[nodiscard]] SSLObject ssl_object() const {
        return tls_ && tls_->is_handshake_done() ? SSLObject(tls_->ssl()) : SSLObject();
    }

    /// Puts TLS between the socket and `handler`. The caller must start it. Throws SSLError,
    /// ValueError.
    void add_tls(EventLoop& loop, const TlsPlan& plan, engine::StreamHandler& handler) {
        tls_ = std::make_unique<engine::TlsTransport>(reactor_of(loop), *socket_,
                                                      plan.make_ssl(loop), plan.timeouts, handler);
        top_ = tls_.get();
    }
    void drop() noexcept {
        top_ = nullptr;
        tls_.reset();
        socket_.reset();
    }

private:
    SocketAddress peer_;
    engine::Stream* top_ = nullptr;                 // beside the socket: a message needs both
    std::optional<engine::StreamTransport> socket_; // until dropped
    std::unique_ptr<engine::TlsTransport> tls_;     // must be destroyed before the socket
};

} // namespace hocket::detail
