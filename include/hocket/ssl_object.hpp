#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Types of OpenSSL, whose headers are not needed here.
struct ssl_st;
struct ssl_session_st;

namespace hocket {

/// The session of a TLS connection, which makes a client's next connection to the same server
/// faster: pass it in ConnectOptions::ssl_session. A handle; it may be kept for any time and used
/// from any thread.
class SSLSession {
public:
    SSLSession() noexcept = default; ///< Refers to no session.
    explicit SSLSession(std::shared_ptr<ssl_session_st> session) noexcept
        : session_(std::move(session)) {}

    explicit operator bool() const noexcept { return session_ != nullptr; }
    /// Whether a server could resume it.
    [[nodiscard]] bool is_resumable() const noexcept;
    [[nodiscard]] bool has_ticket() const noexcept;
    [[nodiscard]] std::string id() const; ///< Raw bytes.

    /// Internal.
    [[nodiscard]] ssl_session_st* native() const noexcept { return session_.get(); }

private:
    std::shared_ptr<ssl_session_st> session_;
};

/// The contents of a peer's certificate.
struct PeerCertificate {
    std::string subject; ///< "CN=example.test,O=Example", as in RFC 2253.
    std::string issuer;
    std::string serial_number; ///< In hexadecimal.
    std::string not_before;    ///< "2024-01-01 00:00:00 UTC".
    std::string not_after;
    /// ("DNS", "example.test"), ("IP Address", "127.0.0.1") ….
    std::vector<std::pair<std::string, std::string>> subject_alt_name;
    std::string der; ///< The whole certificate in DER format.
};

/// Python's SSLObject.cipher().
struct SSLCipher {
    std::string name;     ///< "TLS_AES_256_GCM_SHA384".
    std::string protocol; ///< The TLS version that defined it.
    int secret_bits = 0;
};

/// Information about a connection's TLS: Python's get_extra_info("ssl_object"). A handle, which
/// stays usable after the connection is closed. Use it only on the loop's thread.
class SSLObject {
public:
    /// For a connection without TLS: converts to false; its other functions must not be called.
    SSLObject() noexcept = default;
    /// Internal; shares ownership of `ssl`.
    explicit SSLObject(ssl_st* ssl);

    explicit operator bool() const noexcept { return ssl_ != nullptr; }

    /// The protocol version, for example "TLSv1.3".
    [[nodiscard]] std::string version() const;
    [[nodiscard]] std::optional<SSLCipher> cipher() const;
    /// The peer's certificate; empty if it sent none. It has been verified if the context's
    /// verify_mode requires that.
    [[nodiscard]] std::optional<PeerCertificate> getpeercert() const;
    [[nodiscard]] std::optional<std::string> selected_alpn_protocol() const;
    [[nodiscard]] bool server_side() const noexcept;
    /// The host name that the client requested; empty if there was none or it was an IP address.
    [[nodiscard]] std::string server_hostname() const;

    /// The session, for another connection to resume. With TLS 1.3 the server sends it after the
    /// handshake, so read some data first.
    [[nodiscard]] SSLSession session() const;
    /// Whether this connection resumed an earlier session.
    [[nodiscard]] bool session_reused() const noexcept;

private:
    std::shared_ptr<ssl_st> ssl_;
};

} // namespace hocket
