#pragma once

#include <string>
#include <system_error>

namespace hocket {

/// A failure of TLS: Python's ssl.SSLError. `what()` contains the peer and the reason; `code()` is
/// OpenSSL's error, whose message is the reason alone.
class SSLError : public std::system_error {
public:
    using std::system_error::system_error;
};

/// A certificate was rejected, for example because it has expired, is for another host, or is not
/// signed by a trusted authority. `what()` contains the reason.
class SSLCertVerificationError : public SSLError {
public:
    using SSLError::SSLError;

    /// OpenSSL's X509_V_ERR_ number.
    [[nodiscard]] int verify_code() const noexcept { return code().value(); }
    [[nodiscard]] std::string verify_message() const { return code().message(); }
};

/// The connection ended without the peer's close notification: the received data may be truncated.
class SSLEOFError : public SSLError {
public:
    using SSLError::SSLError;
};

} // namespace hocket
