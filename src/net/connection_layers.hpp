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

/// What carries a connection's bytes: its socket or pipe, and TLS over that where it speaks TLS.
class ConnectionLayers {
public:
    ConnectionLayers(EventLoop& loop, Socket socket, const SocketAddress& peer,
                     engine::StreamHandler& handler)
        : peer_(peer),
          top_(&socket_.emplace(reactor_of(loop), std::move(socket), &peer_, handler)) {}
    ConnectionLayers(EventLoop& loop, engine::PipeChannel pipe, engine::StreamHandler& handler)
        : top_(&socket_.emplace(reactor_of(loop), std::move(pipe), handler)) {}

    ConnectionLayers(const ConnectionLayers&) = delete;
    ConnectionLayers& operator=(const ConnectionLayers&) = delete;

    /// Of a pipe, unknown.
    [[nodiscard]] const SocketAddress& peer() const noexcept { return peer_; }
    /// Where to write to and what to pause; nullptr once dropped.
    [[nodiscard]] engine::Stream* top() const noexcept { return top_; }
    [[nodiscard]] bool is_dropped() const noexcept { return top_ == nullptr; }
    /// nullptr once dropped.
    [[nodiscard]] engine::StreamTransport* socket() noexcept {
        return socket_ ? &*socket_ : nullptr;
    }
    [[nodiscard]] const engine::StreamTransport* socket() const noexcept {
        return socket_ ? &*socket_ : nullptr;
    }
    /// The socket, where bytes reach it as they are written: no TLS, no pipe. nullptr otherwise.
    [[nodiscard]] engine::StreamTransport* plain_socket() noexcept {
        return tls_ == nullptr && socket_ && socket_->socket().is_open() ? &*socket_ : nullptr;
    }
    /// nullptr: there is none.
    [[nodiscard]] engine::TlsTransport* tls() const noexcept { return tls_.get(); }
    [[nodiscard]] SSLObject ssl_object() const {
        return tls_ && tls_->is_handshake_done() ? SSLObject(tls_->ssl()) : SSLObject();
    }

    /// Puts TLS between the socket and `handler`; to be started. Throws SSLError, ValueError.
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
    std::optional<engine::StreamTransport> socket_;
    std::unique_ptr<engine::TlsTransport> tls_; // goes before the socket
    engine::Stream* top_;
};

} // namespace hocket::detail
