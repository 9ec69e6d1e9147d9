#include "engine/tls_failure.hpp"

#include <memory>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "engine/certificate_text.hpp"

namespace hocket::engine {

namespace {

class TlsCategory final : public std::error_category {
    const char* name() const noexcept override { return "TLS"; }
    std::string message(int value) const override {
        const char* const reason = ERR_reason_error_string(static_cast<unsigned long>(value));
        return reason != nullptr ? reason : "OpenSSL error " + std::to_string(value);
    }
};

class TlsVerifyCategory final : public std::error_category {
    const char* name() const noexcept override { return "certificate verification"; }
    std::string message(int value) const override { return X509_verify_cert_error_string(value); }
};

// The hosts that a certificate is valid for: "a.test, b.test".
std::string hosts_text(const X509* certificate) {
    std::string hosts;
    for (const auto& [kind, name] : alternative_names(certificate)) {
        if (kind == "DNS" || kind == "IP Address") {
            hosts += (hosts.empty() ? "" : ", ") + name;
        }
    }
    return hosts.empty() ? name_text(X509_get_subject_name(certificate)) : hosts;
}

// The host or address that the certificate should be valid for.
std::string expected_host(X509_STORE_CTX* verifying) {
    X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(verifying);
    if (const char* const host = X509_VERIFY_PARAM_get0_host(wanted, 0)) {
        return host;
    }
    const std::unique_ptr<char, void (*)(char*)> address(X509_VERIFY_PARAM_get1_ip_asc(wanted),
                                                         [](char* text) { OPENSSL_free(text); });
    return address ? address.get() : "the requested host";
}

} // namespace

const std::error_category& tls_category() noexcept {
    static const TlsCategory category;
    return category;
}

const std::error_category& tls_verify_category() noexcept {
    static const TlsVerifyCategory category;
    return category;
}

std::error_code unexpected_tls_eof() noexcept {
    return {static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_UNEXPECTED_EOF_WHILE_READING)),
            tls_category()};
}

std::error_code take_tls_error() noexcept {
    const unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    if (error == 0) {
        return {};
    }
    if (ERR_SYSTEM_ERROR(error)) {
        return {ERR_GET_REASON(error), std::system_category()};
    }
    return {static_cast<int>(error), tls_category()};
}

void clear_tls_errors() noexcept {
    // Checking costs less than clearing.
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
}

std::string_view tls_hint(std::error_code error) noexcept {
    if (error.category() != tls_category()) {
        return {};
    }
    switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_UNEXPECTED_MESSAGE: return ", which does not speak TLS here";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return ", which has no version of TLS in common with this side";
    case SSL_R_NO_SHARED_CIPHER: return ", which has no cipher in common with this side";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return ", which sent no certificate";
    default: return {};
    }
}

std::string certificate_problem(X509_STORE_CTX* verifying) {
    const X509* const certificate = X509_STORE_CTX_get_current_cert(verifying);
    const int code = X509_STORE_CTX_get_error(verifying);
    if (certificate == nullptr) {
        return "was refused";
    }
    const std::string subject = name_text(X509_get_subject_name(certificate));
    const std::string issuer = name_text(X509_get_issuer_name(certificate));
    const std::string of_whom = X509_STORE_CTX_get_error_depth(verifying) == 0
                                    ? std::string()
                                    : "depends on that of " + subject + ", which ";
    const std::string identity =
        of_whom.empty() ? " (it is " + subject + ", issued by " + issuer + ")" : std::string();
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return of_whom + "expired on " + time_text(X509_get0_notAfter(certificate)) + identity;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return of_whom + "is not valid before " + time_text(X509_get0_notBefore(certificate)) +
               identity;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "is for " + hosts_text(certificate) + ", not for " + expected_host(verifying);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "is signed by itself and is not among the trusted ones" + identity;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "depends on that of " + subject + ", which is not among the trusted ones";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return of_whom + "was issued by " + issuer +
               ", whose certificate was not sent along and is not among the trusted ones" +
               identity;
    case X509_V_ERR_CERT_REVOKED: return of_whom + "has been revoked" + identity;
    default: return of_whom + "was refused" + identity;
    }
}

} // namespace hocket::engine
