#pragma once

#include <memory>

#include <curl/curl.h>

namespace hocket::http::detail {

class Exchange;
struct SessionSettings;

/// What OpenSSL reports about a TLS connection of libcurl.
struct TlsConnection {
    Exchange* opener; // learns why the certificate is refused
    bool has_received_close_notify = false;
};

/// The TLS connection that a transfer uses; null if it uses none, and if libcurl does not use
/// OpenSSL. To be called while data arrives.
[[nodiscard]] std::shared_ptr<const TlsConnection> tls_connection_of(CURL* easy) noexcept;

/// Makes an easy handle verify servers as the session wants it. Throws RuntimeError if the session
/// has an SSLContext, but libcurl does not use OpenSSL. `settings` must outlive the handle.
void set_tls_options(CURL* easy, const SessionSettings& settings);

} // namespace hocket::http::detail
