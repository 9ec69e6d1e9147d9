#include "engine/tls_session.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "engine/tls_failure.hpp"

namespace hocket::engine {

void FreeSsl::operator()(SSL* ssl) const noexcept { SSL_free(ssl); }

// The BIO that OpenSSL reads from and writes to.
struct TlsSession::Bio {
    static TlsSession* session(BIO* bio) noexcept {
        return static_cast<TlsSession*>(BIO_get_data(bio));
    }

    static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) noexcept {
        BIO_clear_retry_flags(bio);
        TlsSession* const self = session(bio);
        if (self == nullptr || self->input_.empty()) {
            if (self != nullptr && !self->input_ended_) {
                BIO_set_retry_read(bio);
            }
            return 0;
        }
        *count = std::min(size, self->input_.size());
        std::memcpy(into, self->input_.data(), *count);
        self->input_.remove_prefix(*count);
        return 1;
    }

    static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) noexcept {
        BIO_clear_retry_flags(bio);
        TlsSession* const self = session(bio);
        if (self == nullptr || !self->sink_.on_ciphertext({bytes, size}, self->more_)) {
            return 0;
        }
        *count = size;
        return 1;
    }

    static long control(BIO* bio, int command, long, void*) noexcept {
        const TlsSession* const self = session(bio);
        switch (command) {
        case BIO_CTRL_FLUSH: return 1;
        case BIO_CTRL_EOF: return self == nullptr || (self->input_.empty() && self->input_ended_);
        default: return 0;
        }
    }

    // Created once and never changed; OpenSSL keeps pointers to it as long as there are sessions.
    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            BIO_METHOD* const ours =
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hocket");
            if (ours == nullptr || BIO_meth_set_read_ex(ours, &read) != 1 ||
                BIO_meth_set_write_ex(ours, &write) != 1 ||
                BIO_meth_set_ctrl(ours, &control) != 1) {
                throw std::bad_alloc();
            }
            return ours;
        }();
        return made;
    }
};

TlsSession::TlsSession(SslPointer ssl, CiphertextSink& sink)
    : ssl_(std::move(ssl)), sink_(sink), their_verify_(SSL_get_verify_callback(ssl_.get())) {
    BIO* const bio = BIO_new(Bio::method());
    if (bio == nullptr) {
        throw std::bad_alloc();
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_options(ssl_.get(), SSL_OP_NO_RENEGOTIATION);
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
    if (SSL_get_min_proto_version(ssl_.get()) < TLS1_2_VERSION) { // 0 means no minimum
        SSL_set_min_proto_version(ssl_.get(), TLS1_2_VERSION);
    }
    SSL_set_verify(ssl_.get(), SSL_get_verify_mode(ssl_.get()), &verify);
}

// The SSL may still be shared by objects that query it about the connection.
TlsSession::~TlsSession() {
    BIO_set_data(SSL_get_rbio(ssl_.get()), nullptr);
    SSL_set_verify(ssl_.get(), SSL_get_verify_mode(ssl_.get()), their_verify_);
}

// OpenSSL does not remember which certificate it refused, so the problem is recorded here.
int TlsSession::verify(int preverified, X509_STORE_CTX* context) noexcept {
    auto* const ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    TlsSession* const self = Bio::session(SSL_get_rbio(ssl));
    if (self->their_verify_ != nullptr) {
        preverified = self->their_verify_(preverified, context);
    }
    if (preverified != 1) {
        try {
            self->problem_ = std::make_unique<const std::string>(certificate_problem(context));
        } catch (const std::bad_alloc&) {
            // The message will only have OpenSSL's own text.
        }
    }
    return preverified;
}

bool TlsSession::has_input() const noexcept {
    return !input_.empty() || input_ended_ || SSL_has_pending(ssl_.get()) == 1;
}

TlsSession::Status TlsSession::handshake() noexcept {
    if (error_) {
        return Status::failed;
    }
    clear_tls_errors();
    more_ = true;
    const int result = SSL_do_handshake(ssl_.get());
    more_ = false;
    shaken_ = result == 1;
    return explain(result);
}

TlsSession::Read TlsSession::read(std::span<std::byte> space) noexcept {
    if (error_) {
        return {Status::failed, 0};
    }
    clear_tls_errors();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &count);
    return {explain(result), count};
}

TlsSession::Status TlsSession::write(std::string_view plaintext) noexcept {
    if (error_) {
        return Status::failed;
    }
    // The error queue is not cleared before: as the sink accepts everything, a write either
    // succeeds or fails permanently, and then the last error is that of the write.
    Status status = Status::done;
    while (!plaintext.empty() && status == Status::done) {
        const std::size_t size = std::min<std::size_t>(plaintext.size(), SSL3_RT_MAX_PLAIN_LENGTH);
        more_ = size < plaintext.size();
        std::size_t written = 0;
        status = explain(SSL_write_ex(ssl_.get(), plaintext.data(), size, &written));
        plaintext.remove_prefix(written);
    }
    more_ = false;
    return status;
}

void TlsSession::close_notify() noexcept {
    if (error_ || !shaken_) {
        return; // OpenSSL does not allow it after an error or before the handshake is done
    }
    clear_tls_errors();
    if (SSL_shutdown(ssl_.get()) < 0) {
        ERR_clear_error(); // could not be written; the end of the connection gives the reason
    }
}

bool TlsSession::has_received_close_notify() const noexcept {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

TlsSession::Status TlsSession::explain(int result) noexcept {
    if (result == 1) {
        return Status::done;
    }
    switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Status::want_input;
    case SSL_ERROR_ZERO_RETURN:
        if (shaken_) {
            return Status::closed;
        }
        error_ = unexpected_tls_eof(); // close_notify in the middle of the handshake
        return Status::failed;
    default: break;
    }
    const long verdict = SSL_get_verify_result(ssl_.get());
    error_ = take_tls_error();
    if (problem_ && !shaken_ && verdict != X509_V_OK) {
        error_ = {static_cast<int>(verdict), tls_verify_category()};
    } else if (!error_) {
        error_ =
            input_ended_ ? unexpected_tls_eof() : make_error_code(std::errc::not_enough_memory);
    }
    return Status::failed;
}

std::string TlsSession::peer_name(const std::string& address) const {
    const char* const name = SSL_is_server(ssl_.get()) == 1
                                 ? nullptr
                                 : SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? std::string(name) + " (" + address + ")" : address;
}

Failure TlsSession::failure(const std::string& address) const {
    const std::string peer = peer_name(address);
    if (error_.category() == tls_verify_category()) {
        return {error_, "the certificate of " + peer + " " + *problem_};
    }
    if (error_ == unexpected_tls_eof()) {
        return shaken_
                   ? Failure{error_, "the connection to " + peer + " ended without close_notify"}
                   : Failure{make_error_code(std::errc::connection_reset),
                             "TLS handshake with " + peer + ", which ended the connection"};
    }
    if (shaken_) {
        return {error_, "TLS with " + peer};
    }
    return {error_, "TLS handshake with " + peer + std::string(tls_hint(error_))};
}

} // namespace hocket::engine
