#pragma once

#include <memory>
#include <optional>
#include <string>

#include <hocket/event_loop.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/ssl_options.hpp>

#include "engine/tls_transport.hpp"

namespace hocket::detail {

/// The TLS settings of one connection, or of each of a server's connections: a copy of the options.
struct TlsPlan {
    std::optional<SSLContext> context; // empty: the loop's default context
    bool server_side = false;
    std::string server_hostname;
    SSLSession session;
    engine::TlsTimeouts timeouts;

    /// Makes this side of a connection on `loop`. Throws SSLError, ValueError.
    [[nodiscard]] engine::SslPointer make_ssl(EventLoop& loop) const;
};

/// The TLS settings of a client's connection, of a server's connections, and of a connection that
/// is already open. They are a copy of the options. Returns nullptr if the options ask for no TLS.
/// Throws ValueError.
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const ConnectOptions& options,
                                                      std::string_view host);
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const ServerOptions& options);
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const SSLContext& context,
                                                      const StartTlsOptions& options);

} // namespace hocket::detail
