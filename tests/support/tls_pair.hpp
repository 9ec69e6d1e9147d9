#pragma once

#include <string>

#include <gtest/gtest.h>

#include <openssl/ssl.h>

#include "engine/tls_session.hpp"
#include "support/certificates.hpp"

namespace hocket::engine::testing {

/// An OpenSSL context that was not made by hocket.
class Ctx {
public:
    explicit Ctx(const SSL_METHOD* method) : ctx_(SSL_CTX_new(method)) {}
    ~Ctx() { SSL_CTX_free(ctx_); }
    Ctx(const Ctx&) = delete;
    Ctx& operator=(const Ctx&) = delete;
    [[nodiscard]] SSL_CTX* get() const { return ctx_; }

    void show(const certificates::Identity& identity) {
        SSL_CTX_use_certificate(ctx_, identity.certificate.get());
        SSL_CTX_use_PrivateKey(ctx_, identity.key.get());
    }
    void trust(const certificates::Identity& authority) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx_), authority.certificate.get());
        SSL_CTX_set_verify(ctx_, SSL_VERIFY_PEER, nullptr);
    }
    [[nodiscard]] SslPointer accepting() const {
        SslPointer ssl(SSL_new(ctx_));
        SSL_set_accept_state(ssl.get());
        return ssl;
    }
    [[nodiscard]] SslPointer connecting(const std::string& host) const {
        SslPointer ssl(SSL_new(ctx_));
        SSL_set_connect_state(ssl.get());
        SSL_set_tlsext_host_name(ssl.get(), host.c_str());
        SSL_set1_host(ssl.get(), host.c_str());
        return ssl;
    }

private:
    SSL_CTX* ctx_;
};

/// One end of a TLS conversation without a socket.
class End final : CiphertextSink {
public:
    explicit End(SslPointer ssl) : session(std::move(ssl), *this) {}

    std::string sent;      ///< Ciphertext on its way to the other end.
    std::string plaintext; ///< Decrypted text.
    TlsSession::Status status = TlsSession::Status::want_input; ///< Of the last step.
    bool is_open = false;

    /// Processes `ciphertext`, which may be empty, and continues as far as possible.
    void take(std::string_view ciphertext) {
        session.feed(ciphertext);
        if (!is_open) {
            status = session.handshake();
            is_open = status == TlsSession::Status::done;
        }
        std::byte space[4096];
        while (is_open && session.has_input()) {
            const auto read = session.read(space);
            status = read.status;
            if (status != TlsSession::Status::done) {
                break;
            }
            plaintext.append(reinterpret_cast<const char*>(space), read.count);
        }
    }

private:
    bool on_ciphertext(std::string_view data, bool) noexcept override {
        sent += data;
        return true;
    }

public:
    TlsSession session;
};

/// Transfers to each end what the other has sent, in chunks of at most `chunk` bytes, until neither
/// sends more.
inline void exchange(End& a, End& b, std::size_t chunk = std::size_t(-1)) {
    while (!a.sent.empty() || !b.sent.empty()) {
        for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
            std::string flight;
            std::swap(flight, from->sent);
            for (std::string_view rest = flight; !rest.empty();) {
                to->take(rest.substr(0, chunk));
                rest.remove_prefix(std::min(chunk, rest.size()));
            }
        }
    }
}

} // namespace hocket::engine::testing
