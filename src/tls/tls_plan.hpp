#pragma once

#include <memory>
#include <optional>
#include <string>

#include <hocket/event_loop.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/ssl_options.hpp>

#include "engine/tls_transport.hpp"

namespace hocket::detail {

/// How one connection, or each of a server's, is to speak TLS: what the options said, held on to.
struct TlsPlan {
    std::optional<SSLContext> context; // none: the loop's own
    bool server_side = false;
    std::string server_hostname;
    SSLSession session;
    engine::TlsTimeouts timeouts;

    /// This side of a connection of `loop`. Throws SSLError, ValueError.
    [[nodiscard]] engine::SslPointer make_ssl(EventLoop& loop) const;
};

/// How to speak TLS on a client's connection, on a server's connections, and on one that is open
/// already. Copies what the options refer to. Returns nullptr for no TLS. Throws ValueError.
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const ConnectOptions& options,
                                                      std::string_view host);
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const ServerOptions& options);
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const SSLContext& context,
                                                      const StartTlsOptions& options);

} // namespace hocket::detail
