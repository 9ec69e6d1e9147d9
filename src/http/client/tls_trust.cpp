#include "http/client/tls_trust.hpp"

#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include <hocket/errors.hpp>

#include "http/client/session_state.hpp"
#include "tls/ssl_context_state.hpp"

namespace hocket::http::detail {
namespace {

/// libcurl makes a context of its own for each connection. It gets the same authorities,
/// certificate, versions and ciphers as the session's.
CURLcode copy_context(CURL*, void* into, void* from) noexcept {
    auto* const target = static_cast<SSL_CTX*>(into);
    SSL_CTX* const source = static_cast<const SessionSettings*>(from)->trust->ctx();
    SSL_CTX_set1_cert_store(target, SSL_CTX_get_cert_store(source));
    SSL_CTX_set1_param(target, SSL_CTX_get0_param(source));
    SSL_CTX_set_min_proto_version(target, static_cast<int>(SSL_CTX_get_min_proto_version(source)));
    SSL_CTX_set_max_proto_version(target, static_cast<int>(SSL_CTX_get_max_proto_version(source)));
    try {
        std::string ciphers;
        const STACK_OF(SSL_CIPHER)* const list = SSL_CTX_get_ciphers(source);
        for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i) {
            const std::string_view name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i));
            if (name.starts_with("TLS_")) continue; // of TLS 1.3, which are set in another way
            ciphers.append(ciphers.empty() ? "" : ":").append(name);
        }
        if (!ciphers.empty()) SSL_CTX_set_cipher_list(target, ciphers.c_str());
    } catch (const std::bad_alloc&) {
        return CURLE_OUT_OF_MEMORY;
    }
    if (X509* const certificate = SSL_CTX_get0_certificate(source)) {
        STACK_OF(X509)* chain = nullptr;
        SSL_CTX_get0_chain_certs(source, &chain);
        EVP_PKEY* const key = SSL_CTX_get0_privatekey(source);
        if (SSL_CTX_use_certificate(target, certificate) != 1 ||
            (key != nullptr && SSL_CTX_use_PrivateKey(target, key) != 1) ||
            (chain != nullptr && SSL_CTX_set1_chain(target, chain) != 1)) {
            return CURLE_SSL_CERTPROBLEM;
        }
    }
    return CURLE_OK;
}

} // namespace

void set_tls_options(CURL* easy, const SessionSettings& settings) {
    bool verifies_peer = settings.verifies;
    bool verifies_host = settings.verifies;
    if (settings.trust) {
        if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<SessionSettings*>(&settings)) !=
                CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &copy_context) != CURLE_OK) {
            throw RuntimeError("an SSLContext can be used only with a libcurl that uses OpenSSL; "
                               "this one uses " +
                               std::string(curl_version_info(CURLVERSION_NOW)->ssl_version));
        }
        // Its own authorities would be read for each connection, in vain.
        curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
        verifies_peer = SSL_CTX_get_verify_mode(settings.trust->ctx()) != SSL_VERIFY_NONE;
        verifies_host = settings.trust->check_hostname;
    }
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verifies_peer ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verifies_host ? 2L : 0L);
}

} // namespace hocket::http::detail
