#pragma once

#include <chrono>
#include <concepts>
#include <optional>

#include <hocket/option_string.hpp>

namespace hocket {

class SSLContext;
class SSLSession;

/// A reference from an options struct to an object, which must be a named variable. The function
/// that receives the options takes its share of the object when it is called, not later. The
/// options do not own the object, because g++ 12 destroys the members of a struct twice if it is
/// written in braces inside a `co_await` expression (see OptionString).
template <class T> class OptionReference {
public:
    constexpr OptionReference() noexcept = default;
    OptionReference(const T& named) noexcept
        : named_(&named) {}              // NOLINT(google-explicit-constructor)
    OptionReference(const T&&) = delete; // a stored struct would outlive a temporary

    [[nodiscard]] const T* get() const noexcept { return named_; }

private:
    const T* named_ = nullptr;
};

/// Whether to use TLS: `.ssl = context`, or, for clients, `.ssl = true` for a context with the
/// settings of create_default_context(), which the loop keeps.
class SSLOption : public OptionReference<SSLContext> {
public:
    using OptionReference<SSLContext>::OptionReference;
    constexpr SSLOption() noexcept = default;
    template <std::same_as<bool> B>
    SSLOption(B speak_tls) noexcept
        : is_default_(speak_tls) {} // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool is_default() const noexcept { return is_default_; }
    [[nodiscard]] bool is_set() const noexcept { return is_default_ || get() != nullptr; }

private:
    bool is_default_ = false;
};

/// Options for starting TLS on an existing connection. The names are Python's.
struct StartTlsOptions {
    /// For EventLoop::start_tls only; a stream knows which side it is.
    bool server_side = false;
    /// The name that the server's certificate must match.
    OptionString server_hostname = {};
    std::optional<std::chrono::nanoseconds> ssl_handshake_timeout = {}; ///< Unset: 60 s.
    std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout = {};  ///< Unset: 30 s.
    OptionReference<SSLSession> ssl_session = {}; ///< To be resumed if the server agrees.
};

} // namespace hocket
