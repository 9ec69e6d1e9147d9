#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

namespace detail {
class SessionState;
}

/// A cookie of a session.
struct Cookie {
    std::string name;
    std::string value;
    std::string domain; ///< Begins with a dot if subdomains get it too.
    std::string path = "/";
    bool secure = false;                                               ///< Sent over TLS only.
    std::optional<std::chrono::system_clock::time_point> expires = {}; ///< Unset: with the session.
};

/// The cookies of a Session: httpx.Cookies. Use it while the session lives.
class Cookies {
public:
    /// All cookies.
    [[nodiscard]] std::vector<Cookie> all() const;
    /// The value of the first cookie of that name.
    [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
    /// Adds a cookie, or replaces one of the same name, domain and path. Throws ValueError for an
    /// empty name or domain, and for control characters.
    void set(const Cookie& cookie);
    void clear();

    /// Internal.
    explicit Cookies(std::shared_ptr<detail::SessionState> session) noexcept;

private:
    std::shared_ptr<detail::SessionState> session_;
};

} // namespace hocket::http
