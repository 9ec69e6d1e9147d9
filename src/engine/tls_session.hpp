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

/// Receives a TlsSession's ciphertext.
class CiphertextSink {
public:
    /// Takes all of `data`. If `more`, more data of the same flight follows. Must not call the
    /// session. Returns false if it fails, which breaks the session.
    virtual bool on_ciphertext(std::string_view data, bool more) noexcept = 0;

protected:
    ~CiphertextSink() = default;
};

/// TLS without a socket: converts ciphertext to plaintext and back. OpenSSL reads the fed data in
/// place and writes directly to the sink, so this class copies and stores no data.
///
/// Ensures that TLS is 1.2 or newer, that no peer renegotiates, and that OpenSSL's buffers are
/// freed when they are empty.
class TlsSession {
public:
    enum class Status {
        done,
        want_input, ///< It needs more input.
        closed,     ///< The peer will send no more (it has sent close_notify).
        failed,     ///< Permanently; see error().
    };

    /// `ssl` must be in connect or accept state; the session controls everything else about it.
    /// Throws std::bad_alloc.
    TlsSession(SslPointer ssl, CiphertextSink& sink);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// Provides data from the peer for the following calls. It must stay valid until it has been
    /// read, or until `take_input`.
    void feed(std::string_view ciphertext) noexcept { input_ = ciphertext; }
    /// The peer will send nothing after the fed data.
    void feed_eof() noexcept { input_ended_ = true; }
    /// Returns the part of the fed data that has not been read.
    [[nodiscard]] std::string_view take_input() noexcept { return std::exchange(input_, {}); }
    /// Whether `read` may find data without more input.
    [[nodiscard]] bool has_input() const noexcept;

    /// Continues the handshake as far as the fed data allows.
    [[nodiscard]] Status handshake() noexcept;
    struct Read {
        Status status;
        std::size_t count; ///< At least one if `status` is `done`.
    };
    /// Decrypts one record, or the rest of it, into `space`.
    [[nodiscard]] Read read(std::span<std::byte> space) noexcept;
    /// Encrypts all of `plaintext`, which must not be empty. Call it only after the handshake.
    /// Returns done or failed.
    [[nodiscard]] Status write(std::string_view plaintext) noexcept;
    /// Tells the peer that this side will send no more. Nothing may be written afterwards.
    void close_notify() noexcept;
    [[nodiscard]] bool has_received_close_notify() const noexcept;

    /// The reason for the failure: an error of the system, of tls_category() or of
    /// tls_verify_category().
    [[nodiscard]] std::error_code error() const noexcept { return error_; }
    /// The same with a message about the connection to `peer`.
    [[nodiscard]] Failure failure(const std::string& peer) const;
    /// The server name that was requested, and `address`: "example.test (127.0.0.1 port 443)".
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
    bool more_ = false; // more follows the data being written
    bool shaken_ = false;
    std::error_code error_;
    int (*their_verify_)(int, X509_STORE_CTX*);  // the callback that `ssl` had before
    std::unique_ptr<const std::string> problem_; // with the certificate that was refused
};

} // namespace hocket::engine
