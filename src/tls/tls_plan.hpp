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

/// For a server's connections; nullptr: without TLS. Throws ValueError. For those of clients see
/// loop_io.hpp.
[[nodiscard]] std::shared_ptr<const TlsPlan> plan_tls(const ServerOptions& options);

} // namespace hocket::detail
