#include <hocket/ssl_object.hpp>

#include <new>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "engine/certificate_text.hpp"

namespace hocket {

namespace {

std::string hexadecimal(const ASN1_INTEGER* number) {
    std::string text;
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> value(ASN1_INTEGER_to_BN(number, nullptr),
                                                            &BN_free);
    if (value) {
        const std::unique_ptr<char, void (*)(char*)> digits(
            BN_bn2hex(value.get()), [](char* memory) { OPENSSL_free(memory); });
        text = digits ? digits.get() : "";
    }
    return text;
}

std::string der_of(X509* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    std::string der(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    if (size > 0) {
        i2d_X509(certificate, &out);
    }
    return der;
}

} // namespace

bool SSLSession::is_resumable() const noexcept {
    return session_ && SSL_SESSION_is_resumable(session_.get()) == 1;
}

bool SSLSession::has_ticket() const noexcept {
    return session_ && SSL_SESSION_has_ticket(session_.get()) == 1;
}

std::string SSLSession::id() const {
    unsigned size = 0;
    const unsigned char* const bytes =
        session_ ? SSL_SESSION_get_id(session_.get(), &size) : nullptr;
    return {reinterpret_cast<const char*>(bytes), size};
}

SSLObject::SSLObject(ssl_st* ssl) {
    if (SSL_up_ref(ssl) != 1) {
        throw std::bad_alloc();
    }
    ssl_.reset(ssl, &SSL_free);
}

std::string SSLObject::version() const { return SSL_get_version(ssl_.get()); }

std::optional<SSLCipher> SSLObject::cipher() const {
    const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_.get());
    if (cipher == nullptr) {
        return std::nullopt;
    }
    return SSLCipher{SSL_CIPHER_get_name(cipher), SSL_CIPHER_get_version(cipher),
                     SSL_CIPHER_get_bits(cipher, nullptr)};
}

std::optional<PeerCertificate> SSLObject::getpeercert() const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr) {
        return std::nullopt;
    }
    return PeerCertificate{engine::name_text(X509_get_subject_name(certificate)),
                           engine::name_text(X509_get_issuer_name(certificate)),
                           hexadecimal(X509_get0_serialNumber(certificate)),
                           engine::time_text(X509_get0_notBefore(certificate)),
                           engine::time_text(X509_get0_notAfter(certificate)),
                           engine::alternative_names(certificate),
                           der_of(certificate)};
}

std::optional<std::string> SSLObject::selected_alpn_protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    if (name == nullptr) {
        return std::nullopt;
    }
    return std::string(reinterpret_cast<const char*>(name), size);
}

bool SSLObject::server_side() const noexcept { return SSL_is_server(ssl_.get()) == 1; }

std::string SSLObject::server_hostname() const {
    const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? name : "";
}

SSLSession SSLObject::session() const {
    SSL_SESSION* const session = SSL_get1_session(ssl_.get());
    if (session == nullptr) {
        return {};
    }
    return SSLSession(std::shared_ptr<ssl_session_st>(session, &SSL_SESSION_free));
}

bool SSLObject::session_reused() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

} // namespace hocket
