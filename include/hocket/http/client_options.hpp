#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/async_generator.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/multipart.hpp>
#include <hocket/http/query_params.hpp>
#include <hocket/option_string.hpp>
#include <hocket/ssl_context.hpp>
#include <hocket/ssl_options.hpp>

namespace hocket::http {

/// How long each step of a request may take: httpx.Timeout. No value means no limit.
struct Timeout {
    using Limit = std::optional<std::chrono::nanoseconds>;

    Limit connect = std::chrono::seconds(5); ///< For the name look-up, TCP and TLS together.
    Limit read = std::chrono::seconds(5);    ///< From one piece of the response to the next.
    Limit write = std::chrono::seconds(5);   ///< From one piece of the request to the next.
    Limit pool = std::chrono::seconds(5);    ///< For a connection of the pool.

    Timeout() = default;
    /// The same limit for each step; std::nullopt means no limits.
    Timeout(Limit all) noexcept : connect(all), read(all), write(all), pool(all) {}
    template <class Rep, class Period>
    Timeout(std::chrono::duration<Rep, Period> all) noexcept // NOLINT(google-explicit-constructor)
        : Timeout(Limit(std::chrono::duration_cast<std::chrono::nanoseconds>(all))) {}
};

/// httpx.Limits, and limits on sizes.
struct Limits {
    std::size_t max_connections = 100; ///< 0: no limit.
    std::size_t max_keepalive_connections = 20;
    std::chrono::seconds keepalive_expiry{5}; ///< How long an idle connection may be used again.
    std::size_t max_connections_per_host = 0; ///< 0: no limit.
    /// Limits on what one response may contain, after decompression. More throws BodyTooLarge. The
    /// limit on bodies does not apply to streamed responses.
    std::size_t max_header_bytes = std::size_t{128} * 1024;
    std::size_t max_body_bytes = std::size_t{256} * 1024 * 1024;
};

/// A user name and a password: httpx.BasicAuth and httpx.DigestAuth. The texts must live until the
/// call that receives them returns.
struct Auth {
    enum class Scheme : std::uint8_t { none, basic, digest };
    Scheme scheme = Scheme::none;
    std::string_view username = {};
    std::string_view password = {};
};
[[nodiscard]] inline Auth BasicAuth(std::string_view username, std::string_view password) {
    return {Auth::Scheme::basic, username, password};
}
[[nodiscard]] inline Auth DigestAuth(std::string_view username, std::string_view password) {
    return {Auth::Scheme::digest, username, password};
}

/// The body of a request, produced while it is sent. Refers to a generator, which must be a named
/// variable; the request takes it over.
class BodyStream {
public:
    BodyStream() noexcept = default;
    BodyStream(
        AsyncGenerator<std::string>& generator) noexcept // NOLINT(google-explicit-constructor)
        : generator_(&generator) {}
    [[nodiscard]] AsyncGenerator<std::string>* generator() const noexcept { return generator_; }

private:
    AsyncGenerator<std::string>* generator_ = nullptr;
};

/// Options of one request; the names are httpx's. What they refer to must live until the call that
/// receives them returns, not until the request ends; headers, params, forms and generators must
/// be named variables. At most one of the bodies may be given.
struct RequestOptions {
    OptionReference<Headers> headers = {};    ///< They replace the session's of the same name.
    OptionReference<QueryParams> params = {}; ///< Appended to the URL's query.

    std::optional<std::string_view> content = {}; ///< The body.
    std::optional<std::string_view> json = {};    ///< The body, as JSON text.
    OptionReference<QueryParams> data = {};       ///< The body, as an HTML form.
    OptionReference<Multipart> files = {};        ///< The body, as a form with files.
    OptionString file = {};                       ///< The path of a file that is the body.
    BodyStream stream = {};                       ///< The body, from a generator.

    std::optional<Auth> auth = {};
    std::optional<Timeout> timeout = {};
    std::optional<bool> follow_redirects = {};
    std::optional<std::size_t> max_body_bytes = {}; ///< Instead of the session's limit.
};

/// Which servers to trust: `true`, for the system's authorities; `false`, for everyone; or an
/// SSLContext, whose authorities, certificate, versions and ciphers are used.
class VerifyOption : public OptionReference<SSLContext> {
public:
    using OptionReference<SSLContext>::OptionReference;
    constexpr VerifyOption() noexcept = default;
    template <std::same_as<bool> B>
    VerifyOption(B verify) noexcept : verify_(verify) {} // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool verifies() const noexcept { return verify_; }

private:
    bool verify_ = true;
};

/// The version of HTTP that a session asks for.
enum class Version : std::uint8_t {
    http1,
    http2,                ///< HTTP/2 over TLS if the server has it, otherwise HTTP/1.1.
    http2_prior_knowledge ///< HTTP/2 without asking, also without TLS.
};

/// Options of a Session; the names are those of httpx.AsyncClient.
struct SessionOptions {
    OptionString base_url = {}; ///< Put before URLs that have no scheme.
    OptionReference<Headers> headers = {};
    OptionReference<QueryParams> params = {};
    Auth auth = {};
    VerifyOption verify = true;
    Version version = Version::http1;
    OptionString proxy = {}; ///< "http://user:password@host:port", "socks5h://…".
    bool trust_env = true;   ///< Use the proxies of the environment (http_proxy, no_proxy, …).
    OptionString uds = {};   ///< Connect to this Unix socket, whatever the host.
    Timeout timeout = {};
    bool follow_redirects = false;
    unsigned max_redirects = 20;
    Limits limits = {};
};

} // namespace hocket::http
