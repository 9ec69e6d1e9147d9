#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// OpenSSL's, whose headers are not needed to use these.
struct ssl_st;
struct ssl_session_st;

namespace hocket {

/// What one connection has agreed upon, with which a client's next connection to the same server
/// can be quicker: pass it in ConnectOptions::ssl_session. A handle; may be kept as long as one
/// likes, and used on any thread.
class SSLSession {
public:
    SSLSession() noexcept = default; ///< None.
    explicit SSLSession(std::shared_ptr<ssl_session_st> session) noexcept
        : session_(std::move(session)) {}

    explicit operator bool() const noexcept { return session_ != nullptr; }
    /// Whether a server could take it up again.
    [[nodiscard]] bool is_resumable() const noexcept;
    [[nodiscard]] bool has_ticket() const noexcept;
    [[nodiscard]] std::string id() const; ///< Bytes.

    /// For hocket's own parts.
    [[nodiscard]] ssl_session_st* native() const noexcept { return session_.get(); }

private:
    std::shared_ptr<ssl_session_st> session_;
};

/// What a peer's certificate says.
struct PeerCertificate {
    std::string subject; ///< "CN=example.test,O=Example", as in RFC 2253.
    std::string issuer;
    std::string serial_number; ///< In hexadecimal digits.
    std::string not_before;    ///< "2024-01-01 00:00:00 UTC".
    std::string not_after;
    /// ("DNS", "example.test"), ("IP Address", "127.0.0.1") ….
    std::vector<std::pair<std::string, std::string>> subject_alt_name;
    std::string der; ///< All of it, as bytes.
};

/// Python's SSLObject.cipher().
struct SSLCipher {
    std::string name;     ///< "TLS_AES_256_GCM_SHA384".
    std::string protocol; ///< The version that defined it.
    int secret_bits = 0;
};

/// What there is to know about a connection's TLS: Python's get_extra_info("ssl_object"). A handle,
/// which may be asked after the connection is closed, too. For the loop's thread.
class SSLObject {
public:
    SSLObject() noexcept = default; ///< Of a connection without TLS: false, and not to be asked.
    /// For hocket's own parts; shares `ssl`.
    explicit SSLObject(ssl_st* ssl);

    explicit operator bool() const noexcept { return ssl_ != nullptr; }

    /// "TLSv1.3".
    [[nodiscard]] std::string version() const;
    [[nodiscard]] std::optional<SSLCipher> cipher() const;
    /// None when the peer has shown none. Verified if the context's verify_mode says so.
    [[nodiscard]] std::optional<PeerCertificate> getpeercert() const;
    [[nodiscard]] std::optional<std::string> selected_alpn_protocol() const;
    [[nodiscard]] bool server_side() const noexcept;
    /// The name that the client has asked for; empty when it was none, or digits.
    [[nodiscard]] std::string server_hostname() const;

    /// To be resumed by another connection. With TLS 1.3 a server sends it after the handshake:
    /// read something first.
    [[nodiscard]] SSLSession session() const;
    /// Whether this connection has resumed another one's.
    [[nodiscard]] bool session_reused() const noexcept;

private:
    std::shared_ptr<ssl_st> ssl_;
};

} // namespace hocket
