#include "http/client/tls_trust.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <tuple>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <hocket/errors.hpp>

#include "engine/tls_failure.hpp"
#include "http/client/exchange.hpp"
#include "http/client/session_state.hpp"
#include "tls/ssl_context_state.hpp"

namespace hocket::http::detail {
namespace {

bool verifies_host(const SessionSettings& settings) {
    return settings.trust ? settings.trust->check_hostname.load() : settings.verifies;
}

/// Gives a context of libcurl the same authorities, certificate, versions and ciphers as the
/// session's.
CURLcode copy_context(SSL_CTX* target, SSL_CTX* source) {
    SSL_CTX_set1_cert_store(target, SSL_CTX_get_cert_store(source));
    SSL_CTX_set1_param(target, SSL_CTX_get0_param(source));
    SSL_CTX_set_min_proto_version(target, static_cast<int>(SSL_CTX_get_min_proto_version(source)));
    SSL_CTX_set_max_proto_version(target, static_cast<int>(SSL_CTX_get_max_proto_version(source)));
    std::string ciphers;
    const STACK_OF(SSL_CIPHER)* const list = SSL_CTX_get_ciphers(source);
    for (int i = 0; i < sk_SSL_CIPHER_num(list); ++i) {
        const std::string_view name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(list, i));
        if (name.starts_with("TLS_")) continue; // of TLS 1.3, which are set in another way
        ciphers.append(ciphers.empty() ? "" : ":").append(name);
    }
    if (!ciphers.empty()) SSL_CTX_set_cipher_list(target, ciphers.c_str());
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

using TlsConnectionPointer = std::shared_ptr<TlsConnection>;

/// Where a context of libcurl, which serves one connection, has its TlsConnection.
int connection_index() {
    const auto free = [](void*, void* pointer, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<TlsConnectionPointer*>(pointer);
    };
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free);
    return index;
}

TlsConnectionPointer connection_of(const SSL* ssl) noexcept {
    const void* const pointer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), connection_index());
    return pointer != nullptr ? *static_cast<const TlsConnectionPointer*>(pointer) : nullptr;
}

/// OpenSSL does not remember which certificate it refused, so the problem is described here.
int on_verify(int preverified, X509_STORE_CTX* verifying) noexcept {
    if (preverified == 1) return 1;
    const auto* const ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(verifying, SSL_get_ex_data_X509_STORE_CTX_idx()));
    try {
        connection_of(ssl)->opener->on_refused_certificate(engine::certificate_problem(verifying));
    } catch (const std::bad_alloc&) {
        // The message will only have libcurl's text.
    }
    return preverified;
}

/// libcurl does not say whether a connection ended with close_notify.
void on_info(const SSL* ssl, int where, int value) noexcept {
    if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
        connection_of(ssl)->has_received_close_notify = true;
}

/// Lets OpenSSL check the host, as libcurl does afterwards, because its reasons say more. Names
/// that libcurl converts are left to it.
void expect_host(SSL_CTX* target, std::string host) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::all_of(host.begin(), host.end(), is_ascii)) return;
    if (host.ends_with('.')) host.pop_back();
    X509_VERIFY_PARAM* const wanted = SSL_CTX_get0_param(target);
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1)
        X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
}

/// libcurl makes a context of its own for each connection.
CURLcode prepare_context(CURL* easy, void* context, void* session) noexcept {
    auto* const target = static_cast<SSL_CTX*>(context);
    const auto& settings = *static_cast<const SessionSettings*>(session);
    Exchange* exchange = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
    try {
        if (settings.trust) {
            const CURLcode copied = copy_context(target, settings.trust->ctx());
            if (copied != CURLE_OK) return copied;
        }
        auto connection = std::make_unique<TlsConnectionPointer>(
            std::make_shared<TlsConnection>(TlsConnection{exchange}));
        if (SSL_CTX_set_ex_data(target, connection_index(), connection.get()) != 1)
            return CURLE_OUT_OF_MEMORY;
        std::ignore = connection.release(); // the context owns it
        SSL_CTX_set_info_callback(target, &on_info);
        if (SSL_CTX_get_verify_mode(target) == SSL_VERIFY_NONE) return CURLE_OK;
        // Otherwise a certificate might be verified after the exchange has ended.
        SSL_CTX_set_options(target, SSL_OP_NO_RENEGOTIATION);
        SSL_CTX_set_verify(target, SSL_CTX_get_verify_mode(target), &on_verify);
        // The connection may also be one to a proxy.
        if (verifies_host(settings) && !settings.uses_proxy) expect_host(target, exchange->host());
        return CURLE_OK;
    } catch (const std::bad_alloc&) {
        return CURLE_OUT_OF_MEMORY;
    }
}

} // namespace

std::shared_ptr<const TlsConnection> tls_connection_of(CURL* easy) noexcept {
    const curl_tlssessioninfo* info = nullptr;
    curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info);
    if (info == nullptr || info->backend != CURLSSLBACKEND_OPENSSL || info->internals == nullptr)
        return nullptr;
    return connection_of(static_cast<const SSL*>(info->internals));
}

void set_tls_options(CURL* easy, const SessionSettings& settings) {
    bool verifies_peer = settings.verifies;
    const bool is_openssl =
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<SessionSettings*>(&settings)) ==
            CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &prepare_context) == CURLE_OK;
    if (settings.trust) {
        if (!is_openssl) {
            throw RuntimeError("an SSLContext can be used only with a libcurl that uses OpenSSL; "
                               "this one uses " +
                               std::string(curl_version_info(CURLVERSION_NOW)->ssl_version));
        }
        // Its own authorities would be read for each connection, in vain.
        curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
        verifies_peer = SSL_CTX_get_verify_mode(settings.trust->ctx()) != SSL_VERIFY_NONE;
    }
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verifies_peer ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verifies_host(settings) ? 2L : 0L);
}

} // namespace hocket::http::detail
