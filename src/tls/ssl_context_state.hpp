#pragma once

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include <hocket/ssl_context.hpp>

#include "engine/tls_session.hpp"

namespace hocket::detail {

/// The state that the handles of one SSLContext share: OpenSSL's context, and what its callbacks
/// need. OpenSSL's context owns this object; the handles and every connection made from it keep
/// that context alive.
class SSLContextState {
public:
    /// Throws SSLError, std::system_error.
    [[nodiscard]] static std::shared_ptr<SSLContextState> make(Purpose purpose);

    [[nodiscard]] SSL_CTX* ctx() const noexcept { return ctx_; }

    /// Makes one end of a new connection. A client's end has a `hostname` (a name, or an address in
    /// digits) to request and, with check_hostname, to verify; throws ValueError if that is
    /// missing. Throws SSLError.
    [[nodiscard]] engine::SslPointer accepting();
    [[nodiscard]] engine::SslPointer connecting(const std::string& hostname);

    /// Opens the file that keys are logged to; an empty name means no logging. Throws
    /// std::system_error.
    void log_keys_to(const std::string& filename);

    std::atomic<bool> check_hostname = false;
    std::string alpn_protocols; // each is preceded by its length
    std::function<std::optional<SSLContext>(std::string_view)> sni_callback;

private:
    struct CloseFile {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };

    explicit SSLContextState(SSL_CTX* ctx) noexcept : ctx_(ctx) {}
    void set_up(Purpose purpose);
    [[nodiscard]] engine::SslPointer make_ssl();
    static SSLContextState& of(const SSL* ssl) noexcept;
    static int select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                           const unsigned char* offered, unsigned offered_size, void*) noexcept;
    static int choose_context(SSL* ssl, int* alert, void*) noexcept;
    static void log_key(const SSL* ssl, const char* line) noexcept;

    SSL_CTX* ctx_;            // owns this
    std::mutex keylog_mutex_; // several threads' loops may use one context
    std::unique_ptr<std::FILE, CloseFile> keylog_;
};

/// Throws the first error in OpenSSL's queue: a std::system_error for an error of the operating
/// system, otherwise an SSLError. `what` names the call and its object.
[[noreturn]] void throw_ssl_error(const std::string& what);

} // namespace hocket::detail
