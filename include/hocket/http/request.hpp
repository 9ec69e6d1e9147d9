#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/http/headers.hpp>
#include <hocket/http/request_body.hpp>
#include <hocket/socket.hpp>
#include <hocket/ssl_object.hpp>

namespace hocket::http {

namespace detail {
class RequestParser;
class RouteTable;
[[noreturn]] void throw_bad_param(std::string_view name, std::string_view value);
} // namespace detail

/// A request, as its handler sees it. It belongs to the connection and is valid until the response
/// has been sent. Use it only on the connection's loop.
class Request {
public:
    explicit Request(detail::Connection& connection) noexcept
        : connection_(&connection), body_(connection) {}
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    /// "GET", in the client's case, which matters.
    [[nodiscard]] std::string_view method() const noexcept { return method_; }
    /// The request target as it was sent: "/a%20b?c=d".
    [[nodiscard]] std::string_view target() const noexcept { return target_; }
    /// The target's path, not decoded: "/a%20b".
    [[nodiscard]] std::string_view path() const noexcept { return path_; }
    /// The target's query, not decoded and without the '?': "c=d".
    [[nodiscard]] std::string_view query() const noexcept { return query_; }
    /// The decoded value of the first parameter of that name in the query.
    [[nodiscard]] std::optional<std::string> query_param(std::string_view name) const;
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    [[nodiscard]] int minor_version() const noexcept { return minor_version_; }
    [[nodiscard]] const Headers& headers() const noexcept { return headers_; }
    /// The fields after a chunked body; empty until the body has been read to its end.
    [[nodiscard]] const Headers& trailers() const noexcept { return trailers_; }
    [[nodiscard]] RequestBody& body() noexcept { return body_; }

    /// The decoded part of the path that the route's pattern calls `name`. Throws ValueError if the
    /// pattern has no such parameter.
    [[nodiscard]] std::string_view param(std::string_view name) const;
    /// The same as a number. Throws StatusError 404 if it is not one, or is too large for T.
    template <class T> requires std::integral<T> || std::floating_point<T>
    [[nodiscard]] T param(std::string_view name) const {
        const std::string_view text = param(name);
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) {
            detail::throw_bad_param(name, text);
        }
        return value;
    }

    [[nodiscard]] SocketAddress peername() const;
    /// Information about the connection's TLS; false if it does not use TLS.
    [[nodiscard]] SSLObject ssl_object() const;

private:
    friend detail::Connection;
    friend detail::RequestParser;
    friend detail::RouteTable;

    detail::Connection* connection_;
    RequestBody body_;
    Headers headers_; // its text is the whole head, which the views below refer to
    Headers trailers_;
    std::string_view method_;
    std::string_view target_;
    std::string_view path_;
    std::string_view query_;
    int minor_version_ = 1;
    std::vector<std::pair<std::string_view, std::string>> params_;
};

} // namespace hocket::http
