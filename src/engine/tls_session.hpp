#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <openssl/types.h>

#include "engine/failure.hpp"

namespace hocket::engine {

struct FreeSsl {
    void operator()(SSL* ssl) const noexcept;
};
using SslPointer = std::unique_ptr<SSL, FreeSsl>;

/// Where a TlsSession's ciphertext goes.
class CiphertextSink {
public:
    /// Takes all of `data`; `more` of the same flight follows. Must not call the session. False:
    /// cannot, which breaks the session.
    virtual bool on_ciphertext(std::string_view data, bool more) noexcept = 0;

protected:
    ~CiphertextSink() = default;
};

/// TLS without a socket: ciphertext in, plaintext out, and back. OpenSSL reads what is fed right
/// where it lies, and what it writes goes right to the sink, so that no byte is copied for the sake
/// of this class and none is kept by it.
///
/// Sees to it that TLS is 1.2 or newer, that no peer renegotiates, and that OpenSSL's buffers go
/// when they are empty.
class TlsSession {
public:
    enum class Status {
        done,
        want_input, ///< It needs more than was fed.
        closed,     ///< The peer has said that it will send no more (close_notify).
        failed,     ///< For good: see error().
    };

    /// `ssl` is in connect or accept state, and its own in every other way. Throws std::bad_alloc.
    TlsSession(SslPointer ssl, CiphertextSink& sink);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// What the peer sent, for the following calls to read: must stay where it is until then, or
    /// until `take_input`.
    void feed(std::string_view ciphertext) noexcept { input_ = ciphertext; }
    /// The peer will send nothing behind that.
    void feed_eof() noexcept { input_ended_ = true; }
    /// What of it was not read.
    [[nodiscard]] std::string_view take_input() noexcept { return std::exchange(input_, {}); }
    /// Whether `read` may find something without being fed.
    [[nodiscard]] bool has_input() const noexcept;

    /// As far as what was fed allows.
    [[nodiscard]] Status handshake() noexcept;
    struct Read {
        Status status;
        std::size_t count; ///< With `done`: at least one.
    };
    /// Decrypts (the rest of) one record into `space`.
    [[nodiscard]] Read read(std::span<std::byte> space) noexcept;
    /// Encrypts all of `plaintext`, which must not be empty, after the handshake: done or failed.
    [[nodiscard]] Status write(std::string_view plaintext) noexcept;
    /// Says that this side will send no more. Nothing may be written afterwards.
    void close_notify() noexcept;
    [[nodiscard]] bool has_received_close_notify() const noexcept;

    /// Why it failed: an error of the system, or of tls_category() or tls_verify_category().
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    /// The same in words, about the connection to `peer`.
    [[nodiscard]] Failure failure(const std::string& peer) const;
    /// The name that the peer was asked to answer for, and `address`: "example.test (127.0.0.1 port
    /// 443)".
    [[nodiscard]] std::string peer_name(const std::string& address) const;

    [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }

private:
    struct Bio;

    [[nodiscard]] Status explain(int result) noexcept;
    static int verify(int preverified, X509_STORE_CTX* context) noexcept;

    SslPointer ssl_;
    CiphertextSink& sink_;
    std::string_view input_;
    bool input_ended_ = false;
    bool more_ = false; // of what is being written
    bool shaken_ = false;
    std::error_code error_;
    int (*their_verify_)(int, X509_STORE_CTX*);  // what `ssl` came with
    std::unique_ptr<const std::string> problem_; // of the certificate that was refused
};

} // namespace hocket::engine
