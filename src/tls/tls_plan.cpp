#include "tls/tls_plan.hpp"

#include <openssl/ssl.h>

#include <hocket/errors.hpp>
#include <hocket/network_options.hpp>

#include "loop/event_loop_state.hpp"
#include "tls/ssl_context_state.hpp"

namespace hocket::detail {

namespace {

using Duration = std::optional<std::chrono::nanoseconds>;

void set_timeout(engine::Nanoseconds& timeout, const Duration& given, const char* name) {
    if (!given) {
        return;
    }
    if (given->count() <= 0) {
        throw ValueError(std::string(name) + " should be a positive number, got " +
                         std::to_string(given->count()) + " ns");
    }
    timeout = given->count();
}

engine::TlsTimeouts timeouts_of(const Duration& handshake, const Duration& shutdown) {
    engine::TlsTimeouts timeouts;
    set_timeout(timeouts.handshake, handshake, "ssl_handshake_timeout");
    set_timeout(timeouts.shutdown, shutdown, "ssl_shutdown_timeout");
    return timeouts;
}

/// For `ssl = true`. The loop keeps this context, because reading the system's certificates takes
/// milliseconds.
const SSLContext& default_context_of(const EventLoop& loop) {
    std::shared_ptr<const SSLContext>& kept = loop.state().default_ssl_context;
    if (!kept) {
        kept = std::make_shared<const SSLContext>(create_default_context());
    }
    return *kept;
}

void require_unset(bool is_set, const char* name) {
    if (is_set) {
        throw ValueError(std::string(name) + " is only meaningful with ssl");
    }
}

} // namespace

engine::SslPointer TlsPlan::make_ssl(EventLoop& loop) const {
    const SSLContext& shared = context ? *context : default_context_of(loop);
    if (server_side) {
        return shared.state()->accepting();
    }
    engine::SslPointer ssl = shared.state()->connecting(server_hostname);
    if (session && SSL_set_session(ssl.get(), session.native()) != 1) {
        throw_ssl_error("ssl_session");
    }
    return ssl;
}

std::shared_ptr<const TlsPlan> plan_tls(const SSLContext& context, const StartTlsOptions& options) {
    auto plan = std::make_shared<TlsPlan>();
    plan->context = context;
    plan->server_side = options.server_side;
    plan->server_hostname = options.server_hostname.str();
    if (const SSLSession* const session = options.ssl_session.get()) {
        plan->session = *session;
    }
    plan->timeouts = timeouts_of(options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
    return plan;
}

std::shared_ptr<const TlsPlan> plan_tls(const ConnectOptions& options, std::string_view host) {
    if (!options.ssl.is_set()) {
        require_unset(!options.server_hostname.empty(), "server_hostname");
        require_unset(options.ssl_handshake_timeout.has_value(), "ssl_handshake_timeout");
        require_unset(options.ssl_shutdown_timeout.has_value(), "ssl_shutdown_timeout");
        require_unset(options.ssl_session.get() != nullptr, "ssl_session");
        return nullptr;
    }
    auto plan = std::make_shared<TlsPlan>();
    if (const SSLContext* const context = options.ssl.get()) {
        plan->context = *context;
    }
    plan->server_hostname =
        options.server_hostname.empty() ? std::string(host) : options.server_hostname.str();
    if (plan->server_hostname.empty()) {
        throw ValueError("you have to pass server_hostname when using ssl without a host");
    }
    if (const SSLSession* const session = options.ssl_session.get()) {
        plan->session = *session;
    }
    plan->timeouts = timeouts_of(options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
    return plan;
}

std::shared_ptr<const TlsPlan> plan_tls(const ServerOptions& options) {
    if (!options.ssl.is_set()) {
        require_unset(options.ssl_handshake_timeout.has_value(), "ssl_handshake_timeout");
        require_unset(options.ssl_shutdown_timeout.has_value(), "ssl_shutdown_timeout");
        return nullptr;
    }
    if (options.ssl.get() == nullptr) {
        throw ValueError("a server's ssl has to be an SSLContext with a certificate");
    }
    auto plan = std::make_shared<TlsPlan>();
    plan->context = *options.ssl.get();
    plan->server_side = true;
    plan->timeouts = timeouts_of(options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
    return plan;
}

} // namespace hocket::detail
