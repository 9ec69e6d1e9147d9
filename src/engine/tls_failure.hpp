#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include <openssl/types.h>

namespace hocket::engine {

/// OpenSSL's errors; the codes contain library and reason, as packed by ERR_get_error.
[[nodiscard]] const std::error_category& tls_category() noexcept;
/// Reasons why a certificate was refused: OpenSSL's X509_V_ERR_ numbers.
[[nodiscard]] const std::error_category& tls_verify_category() noexcept;

/// The connection ended without the peer's close_notify, so data may be missing.
[[nodiscard]] std::error_code unexpected_tls_eof() noexcept;

/// Empties this thread's queue of OpenSSL errors and returns the last one; no error if there was
/// none.
[[nodiscard]] std::error_code take_tls_error() noexcept;
/// Empties that queue, because errors left there by other code would be attributed to the next
/// call.
void clear_tls_errors() noexcept;

/// An addition to the message of a failed handshake; empty if the reason's own text suffices.
[[nodiscard]] std::string_view tls_hint(std::error_code error) noexcept;

/// Describes the problem with the certificate that is being verified, to follow "the certificate of
/// example.test": "expired on 2024-01-01 00:00:00 UTC". May throw.
[[nodiscard]] std::string certificate_problem(X509_STORE_CTX* verifying);

} // namespace hocket::engine
