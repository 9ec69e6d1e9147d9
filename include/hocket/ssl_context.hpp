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

/// Python's ssl.Purpose: whom the peer is to be verified as.
enum class Purpose : std::uint8_t {
    SERVER_AUTH, ///< A client's context, which verifies servers.
    CLIENT_AUTH  ///< A server's context.
};

/// Python's ssl.VerifyMode.
enum class VerifyMode : std::uint8_t {
    CERT_NONE,     ///< Ask for no certificate, or believe any.
    CERT_OPTIONAL, ///< Of clients: one that is shown must be good.
    CERT_REQUIRED
};

/// Python's ssl.TLSVersion. Older ones are not spoken.
enum class TLSVersion : std::uint8_t { TLSv1_2, TLSv1_3 };

/// Python's ssl.VerifyFlags, to be combined with |.
enum VerifyFlags : unsigned long {
    VERIFY_DEFAULT = 0,
    VERIFY_CRL_CHECK_LEAF = 0x4,
    VERIFY_CRL_CHECK_CHAIN = 0xc,
    VERIFY_X509_STRICT = 0x20,
    VERIFY_X509_TRUSTED_FIRST = 0x8000,
    VERIFY_X509_PARTIAL_CHAIN = 0x80000
};

/// Where certificates of authorities come from; what is empty is not looked at.
struct VerifyLocations {
    std::string cafile = {}; ///< A file of PEM.
    std::string capath = {}; ///< A folder of such files, named as `openssl rehash` names them.
    std::string cadata = {}; ///< The certificates themselves: PEM, or DER.
};

/// Certificates, keys and choices that many connections share: Python's ssl.SSLContext. A handle:
/// copies are the same context. May be used by loops on several threads; change it before, not
/// while, others connect with it. What OpenSSL refuses is an SSLError, a file that cannot be read
/// a std::system_error with its name.
class SSLContext {
public:
    /// A context that trusts nobody yet. SERVER_AUTH: CERT_REQUIRED, with check_hostname.
    /// CLIENT_AUTH: CERT_NONE. See create_default_context.
    explicit SSLContext(Purpose purpose);

    /// This side's certificate, followed by those that lead to an authority, and its private key
    /// (which may be in `certfile` too); `password` if the key is encrypted.
    void load_cert_chain(const std::string& certfile, const std::string& keyfile = {},
                         const std::string& password = {});
    /// Trusts these authorities, too. Revocation lists may be among them.
    void load_verify_locations(const VerifyLocations& locations);
    /// Trusts the system's authorities, too.
    void load_default_certs();

    /// Whether a server's certificate must be for the host that was asked for. Turning it on makes
    /// CERT_NONE CERT_REQUIRED.
    [[nodiscard]] bool check_hostname() const noexcept;
    void set_check_hostname(bool check) noexcept;
    [[nodiscard]] VerifyMode verify_mode() const noexcept;
    /// Throws ValueError for CERT_NONE while check_hostname() is on.
    void set_verify_mode(VerifyMode mode);
    [[nodiscard]] unsigned long verify_flags() const noexcept;
    void set_verify_flags(unsigned long flags) noexcept;

    /// TLS 1.2 and 1.3 unless set.
    [[nodiscard]] TLSVersion minimum_version() const noexcept;
    void set_minimum_version(TLSVersion version) noexcept;
    [[nodiscard]] TLSVersion maximum_version() const noexcept;
    void set_maximum_version(TLSVersion version) noexcept;

    /// The protocols that this side speaks over TLS ("h2", "http/1.1"), best first; a server takes
    /// the first one of its own that the client offers. ValueError for an empty name or one of more
    /// than 255 bytes.
    void set_alpn_protocols(const std::vector<std::string>& protocols);
    /// OpenSSL's cipher list, for TLS 1.2.
    void set_ciphers(const std::string& ciphers);

    /// For servers: asked with the name that a client wants to talk to (empty: it did not say)
    /// before a certificate is shown. Returns the context to go on with, or nothing for this one.
    /// What it throws ends that handshake.
    void set_sni_callback(std::function<std::optional<SSLContext>(std::string_view)> callback);

    /// Writes the connections' secrets to that file, for tools such as Wireshark to read along.
    /// Empty: no more.
    void set_keylog_filename(const std::string& filename);

    /// Takes a connection's end for the peer's goodbye, as Python does: cut-off data is not told
    /// from the end. Off unless set.
    void set_suppress_ragged_eofs(bool suppress) noexcept;

    /// For hocket's own parts.
    [[nodiscard]] const std::shared_ptr<detail::SSLContextState>& state() const noexcept {
        return state_;
    }

private:
    std::shared_ptr<detail::SSLContextState> state_;
};

/// Python's ssl.create_default_context: a context with safe choices. A client's trusts
/// `locations`, or without any the system's authorities. Logs keys when SSLKEYLOGFILE is set in
/// the environment.
[[nodiscard]] SSLContext create_default_context(Purpose purpose = Purpose::SERVER_AUTH,
                                                const VerifyLocations& locations = {});

} // namespace hocket
