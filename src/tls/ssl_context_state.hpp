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

/// What the handles of one SSLContext share: OpenSSL's context, and what its callbacks go by.
/// Belongs to that context, which these handles keep alive, and every connection made of it.
class SSLContextState {
public:
    /// Throws SSLError, std::system_error.
    [[nodiscard]] static std::shared_ptr<SSLContextState> make(Purpose purpose);

    [[nodiscard]] SSL_CTX* ctx() const noexcept { return ctx_; }

    /// An end of a connection to be. A client's has `hostname` (a name, or an address in digits) to
    /// ask for and, with check_hostname, to verify; ValueError when that is missing. Throws
    /// SSLError.
    [[nodiscard]] engine::SslPointer accepting();
    [[nodiscard]] engine::SslPointer connecting(const std::string& hostname);

    /// Opens the file that keys are logged to; empty: none. Throws std::system_error.
    void log_keys_to(const std::string& filename);

    std::atomic<bool> check_hostname = false;
    std::string alpn_protocols; // each with its length before it
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
    std::mutex keylog_mutex_; // loops on several threads may use one context
    std::unique_ptr<std::FILE, CloseFile> keylog_;
};

/// Throws what is in OpenSSL's queue: a std::system_error when the system has refused something,
/// otherwise an SSLError. `what` names the call and its object.
[[noreturn]] void throw_ssl_error(const std::string& what);

} // namespace hocket::detail
