#pragma once

#include <string>
#include <system_error>

namespace hocket {

/// TLS went wrong: Python's ssl.SSLError. `what()` says with whom and why; `code()` is OpenSSL's
/// error, whose message is the reason alone.
class SSLError : public std::system_error {
public:
    using std::system_error::system_error;
};

/// A certificate was refused: it expired, is for another host, is not signed by anybody trusted ….
/// `what()` says which one.
class SSLCertVerificationError : public SSLError {
public:
    using SSLError::SSLError;

    /// OpenSSL's X509_V_ERR_ number.
    [[nodiscard]] int verify_code() const noexcept { return code().value(); }
    [[nodiscard]] std::string verify_message() const { return code().message(); }
};

/// The connection ended without the peer's goodbye: what it sent may be cut short.
class SSLEOFError : public SSLError {
public:
    using SSLError::SSLError;
};

} // namespace hocket
