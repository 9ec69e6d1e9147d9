#include "tls/ssl_context_state.hpp"

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <hocket/errors.hpp>

#include "engine/last_error.hpp"
#include "engine/tls_failure.hpp"

namespace hocket::detail {

namespace {

void free_state(void*, void* state, CRYPTO_EX_DATA*, int, long, void*) noexcept {
    delete static_cast<SSLContextState*>(state);
}

// The slot of an SSL_CTX that stores our state, where OpenSSL's callbacks find it.
int state_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_state);
    return index;
}

// Python's choice: forward secrecy and authenticated encryption, or close to it.
constexpr const char* default_ciphers =
    "@SECLEVEL=2:ECDH+AESGCM:ECDH+CHACHA20:ECDH+AES:DHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM";

// With no password set, OpenSSL would ask the terminal for one.
int no_password(char*, int, int, void*) noexcept { return 0; }

bool is_address(const std::string& host) {
    unsigned char bytes[16];
    return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

} // namespace

void throw_ssl_error(const std::string& what) {
    const unsigned long first = ERR_get_error(); // the cause; later entries say who passed it on
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(first)) {
        throw std::system_error(ERR_GET_REASON(first), std::system_category(), what);
    }
    if (first == 0) {
        throw std::bad_alloc();
    }
    throw SSLError({static_cast<int>(first), engine::tls_category()}, what);
}

std::shared_ptr<SSLContextState> SSLContextState::make(Purpose purpose) {
    const auto free = [](SSL_CTX* ctx) { SSL_CTX_free(ctx); };
    std::unique_ptr<SSL_CTX, decltype(free)> ctx(
        SSL_CTX_new(purpose == Purpose::SERVER_AUTH ? TLS_client_method() : TLS_server_method()),
        free);
    std::unique_ptr<SSLContextState> state(new SSLContextState(ctx.get()));
    if (!ctx || SSL_CTX_set_ex_data(ctx.get(), state_index(), state.get()) != 1) {
        throw_ssl_error("SSLContext");
    }
    SSLContextState* const made = state.release(); // now owned by the SSL_CTX
    made->set_up(purpose);
    return {made, [ctx = ctx.release()](SSLContextState*) { SSL_CTX_free(ctx); }};
}

void SSLContextState::set_up(Purpose purpose) {
    SSL_CTX_set_min_proto_version(ctx(), TLS1_2_VERSION);
    SSL_CTX_set_options(ctx(), SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(ctx(), &no_password);
    if (SSL_CTX_set_cipher_list(ctx(), default_ciphers) != 1) {
        throw_ssl_error("SSLContext");
    }
    X509_VERIFY_PARAM* const param = SSL_CTX_get0_param(ctx());
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_TRUSTED_FIRST);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (purpose == Purpose::SERVER_AUTH) {
        check_hostname = true;
        SSL_CTX_set_verify(ctx(), SSL_VERIFY_PEER, nullptr);
        return;
    }
    // Without this, a session with a client certificate could not be resumed.
    static constexpr unsigned char session_context[] = {'h', 'o', 'c', 'k', 'e', 't'};
    SSL_CTX_set_session_id_context(ctx(), session_context, sizeof session_context);
    SSL_CTX_set_alpn_select_cb(ctx(), &select_alpn, nullptr);
    SSL_CTX_set_tlsext_servername_callback(ctx(), &choose_context);
}

SSLContextState& SSLContextState::of(const SSL* ssl) noexcept {
    return *static_cast<SSLContextState*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), state_index()));
}

engine::SslPointer SSLContextState::make_ssl() {
    engine::SslPointer ssl(SSL_new(ctx()));
    if (!ssl) {
        throw_ssl_error("create a TLS connection");
    }
    return ssl;
}

engine::SslPointer SSLContextState::accepting() {
    engine::SslPointer ssl = make_ssl();
    SSL_set_accept_state(ssl.get());
    return ssl;
}

engine::SslPointer SSLContextState::connecting(const std::string& hostname) {
    if (check_hostname && hostname.empty()) {
        throw ValueError("check_hostname requires server_hostname");
    }
    engine::SslPointer ssl = make_ssl();
    SSL_set_connect_state(ssl.get());
    if (hostname.empty()) {
        return ssl;
    }
    bool good = true;
    if (is_address(hostname)) {
        good = !check_hostname ||
               X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), hostname.c_str()) == 1;
    } else {
        good = SSL_set_tlsext_host_name(ssl.get(), hostname.c_str()) == 1 &&
               (!check_hostname || SSL_set1_host(ssl.get(), hostname.c_str()) == 1);
    }
    if (!good) {
        throw_ssl_error("server_hostname " + hostname);
    }
    return ssl;
}

// -- OpenSSL's callbacks --------------------------------------------------------------------------

int SSLContextState::select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                                 const unsigned char* offered, unsigned offered_size,
                                 void*) noexcept {
    const std::string& ours = of(ssl).alpn_protocols;
    unsigned char* selected = nullptr;
    if (SSL_select_next_proto(
            &selected, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
            static_cast<unsigned>(ours.size()), offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK; // continue without ALPN, as Python does
    }
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

int SSLContextState::choose_context(SSL* ssl, int* alert, void*) noexcept {
    const SSLContextState& state = of(ssl);
    if (!state.sni_callback) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    try {
        const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        if (const auto other = state.sni_callback(name != nullptr ? name : "")) {
            SSL_set_SSL_CTX(ssl, other->state()->ctx());
        }
        return SSL_TLSEXT_ERR_OK;
    } catch (...) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
}

void SSLContextState::log_key(const SSL* ssl, const char* line) noexcept {
    SSLContextState& state = of(ssl);
    const std::lock_guard lock(state.keylog_mutex_);
    if (state.keylog_) {
        std::fprintf(state.keylog_.get(), "%s\n", line);
        std::fflush(state.keylog_.get());
    }
}

void SSLContextState::log_keys_to(const std::string& filename) {
    const std::lock_guard lock(keylog_mutex_);
    keylog_.reset();
    SSL_CTX_set_keylog_callback(ctx(), nullptr);
    if (filename.empty()) {
        return;
    }
    keylog_.reset(std::fopen(filename.c_str(), "ae"));
    if (!keylog_) {
        engine::throw_errno("open " + filename);
    }
    SSL_CTX_set_keylog_callback(ctx(), &log_key);
}

} // namespace hocket::detail
