#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include <openssl/types.h>

namespace hocket::engine {

/// OpenSSL's errors: library and reason, as ERR_get_error packs them.
[[nodiscard]] const std::error_category& tls_category() noexcept;
/// Why a certificate was refused: OpenSSL's X509_V_ERR_ numbers.
[[nodiscard]] const std::error_category& tls_verify_category() noexcept;

/// The connection ended without the peer's close_notify: perhaps not where the peer meant it to.
[[nodiscard]] std::error_code unexpected_tls_eof() noexcept;

/// Empties this thread's queue of OpenSSL errors; returns the last one. Not set when there was
/// none.
[[nodiscard]] std::error_code take_tls_error() noexcept;
/// Drops what is in that queue: left there by somebody else, it would be taken for ours.
void clear_tls_errors() noexcept;

/// What to say of the handshake beside the reason's own words; empty when they do.
[[nodiscard]] std::string_view tls_hint(std::error_code error) noexcept;

/// What is wrong with the certificate that is being looked at, in words that follow "the
/// certificate of example.test": "expired on 2024-01-01 00:00:00 UTC". May throw.
[[nodiscard]] std::string certificate_problem(X509_STORE_CTX* verifying);

} // namespace hocket::engine
