#pragma once

#include <chrono>
#include <concepts>
#include <optional>

#include <hocket/option_string.hpp>

namespace hocket {

class SSLContext;
class SSLSession;

/// An object that an options struct refers to, and which must have a name: the function that gets
/// the options shares it as it is called, and not later. It is not held by the options themselves,
/// because g++ 12 destroys the members of a struct twice that is written in braces inside of a
/// `co_await` expression (see OptionString).
template <class T> class OptionReference {
public:
    constexpr OptionReference() noexcept = default;
    OptionReference(const T& named) noexcept
        : named_(&named) {}              // NOLINT(google-explicit-constructor)
    OptionReference(const T&&) = delete; // a temporary: would be gone when a kept struct is used

    [[nodiscard]] const T* get() const noexcept { return named_; }

private:
    const T* named_ = nullptr;
};

/// Whether to speak TLS: `.ssl = context`, or, for clients, `.ssl = true` for a context with
/// create_default_context()'s choices that the loop keeps.
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

/// How to begin TLS on a connection that stands. The names are Python's.
struct StartTlsOptions {
    /// Of EventLoop::start_tls only: a stream knows who has connected it.
    bool server_side = false;
    /// Whom the server's certificate must be for.
    OptionString server_hostname = {};
    std::optional<std::chrono::nanoseconds> ssl_handshake_timeout = {}; ///< Unset: 60 s.
    std::optional<std::chrono::nanoseconds> ssl_shutdown_timeout = {};  ///< Unset: 30 s.
    OptionReference<SSLSession> ssl_session = {}; ///< To resume, if the server will.
};

} // namespace hocket
