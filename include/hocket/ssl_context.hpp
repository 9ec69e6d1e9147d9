#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/ssl_error.hpp>
#include <hocket/ssl_object.hpp>

namespace hocket {

namespace detail {
class SSLContextState; // src/tls/ssl_context_state.hpp
}

/// Python's ssl.Purpose: which side of connections a context is for.
enum class Purpose : std::uint8_t {
    SERVER_AUTH, ///< For clients, which verify servers.
    CLIENT_AUTH  ///< For servers.
};

/// Python's ssl.VerifyMode.
enum class VerifyMode : std::uint8_t {
    CERT_NONE,     ///< Request no certificate, or accept any.
    CERT_OPTIONAL, ///< For servers: a client's certificate is optional but must be valid.
    CERT_REQUIRED
};

/// Python's ssl.TLSVersion. Older versions are not supported.
enum class TLSVersion : std::uint8_t { TLSv1_2, TLSv1_3 };

/// Python's ssl.VerifyFlags; combine them with |.
enum VerifyFlags : unsigned long {
    VERIFY_DEFAULT = 0,
    VERIFY_CRL_CHECK_LEAF = 0x4,
    VERIFY_CRL_CHECK_CHAIN = 0xc,
    VERIFY_X509_STRICT = 0x20,
    VERIFY_X509_TRUSTED_FIRST = 0x8000,
    VERIFY_X509_PARTIAL_CHAIN = 0x80000
};

/// Sources of CA certificates. Empty members are ignored.
struct VerifyLocations {
    std::string cafile = {}; ///< A PEM file.
    std::string capath = {}; ///< A folder of PEM files, named as by `openssl rehash`.
    std::string cadata = {}; ///< The certificates themselves, as PEM or DER.
};

/// Certificates, keys and settings shared by many connections: Python's ssl.SSLContext. This is a
/// handle: copies refer to the same context. It may be used by loops on several threads, but must
/// not be changed while connections are being made with it. Errors from OpenSSL are thrown as
/// SSLError. A file that cannot be read throws std::system_error with its name.
class SSLContext {
public:
    /// Creates a context without trusted authorities. SERVER_AUTH: CERT_REQUIRED, with
    /// check_hostname. CLIENT_AUTH: CERT_NONE. See also create_default_context.
    explicit SSLContext(Purpose purpose);

    /// Loads this side's certificate, followed by the intermediate certificates up to an authority,
    /// and its private key (which may also be in `certfile`). `password` is used if the key is
    /// encrypted.
    void load_cert_chain(const std::string& certfile, const std::string& keyfile = {},
                         const std::string& password = {});
    /// Adds trusted authorities. The files may also contain certificate revocation lists.
    void load_verify_locations(const VerifyLocations& locations);
    /// Adds the system's trusted authorities.
    void load_default_certs();

    /// Whether the server's certificate must match the requested host name. Enabling it changes
    /// CERT_NONE to CERT_REQUIRED.
    [[nodiscard]] bool check_hostname() const noexcept;
    void set_check_hostname(bool check) noexcept;
    [[nodiscard]] VerifyMode verify_mode() const noexcept;
    /// Throws ValueError for CERT_NONE if check_hostname() is on.
    void set_verify_mode(VerifyMode mode);
    [[nodiscard]] unsigned long verify_flags() const noexcept;
    void set_verify_flags(unsigned long flags) noexcept;

    /// The range of TLS versions; by default 1.2 and 1.3.
    [[nodiscard]] TLSVersion minimum_version() const noexcept;
    void set_minimum_version(TLSVersion version) noexcept;
    [[nodiscard]] TLSVersion maximum_version() const noexcept;
    void set_maximum_version(TLSVersion version) noexcept;

    /// The protocols that this side supports over TLS ("h2", "http/1.1"), best first. A server
    /// selects the first one of its own list that the client offers. Throws ValueError for an empty
    /// name or one longer than 255 bytes.
    void set_alpn_protocols(const std::vector<std::string>& protocols);
    /// Sets OpenSSL's cipher list, for TLS 1.2.
    void set_ciphers(const std::string& ciphers);

    /// For servers: called with the host name that the client requested (empty if it sent none)
    /// before the certificate is sent. Returns the context to use for the connection, or nothing to
    /// keep this one. An exception ends that handshake.
    void set_sni_callback(std::function<std::optional<SSLContext>(std::string_view)> callback);

    /// Writes the connections' keys to this file, so that tools such as Wireshark can decrypt the
    /// traffic. An empty name turns this off.
    void set_keylog_filename(const std::string& filename);

    /// If on, treats the end of a connection without the peer's close notification as a normal end,
    /// as Python does; truncated data then goes unnoticed. Off by default.
    void set_suppress_ragged_eofs(bool suppress) noexcept;

    /// Internal.
    [[nodiscard]] const std::shared_ptr<detail::SSLContextState>& state() const noexcept {
        return state_;
    }

private:
    std::shared_ptr<detail::SSLContextState> state_;
};

/// Python's ssl.create_default_context: creates a context with safe settings. A client's context
/// trusts `locations`, or the system's authorities if none are given. Keys are logged if
/// SSLKEYLOGFILE is set in the environment.
[[nodiscard]] SSLContext create_default_context(Purpose purpose = Purpose::SERVER_AUTH,
                                                const VerifyLocations& locations = {});

} // namespace hocket
