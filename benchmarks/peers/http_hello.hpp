#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// The work that a server must do to answer `GET` correctly without a library. The epoll and Asio
/// peers share it, so that they differ only in how they transfer bytes.
namespace http {

struct Request {
    std::string_view method, target, version, host;
    bool keep_alive = true;
    std::size_t length = 0; ///< bytes up to and including the empty line
};

inline bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
        };
        return lower(a) == lower(b);
    });
}

/// The first request in `bytes`, or nothing if it is incomplete.
inline std::optional<Request> parse(std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    Request request;
    request.length = end + 4;
    std::string_view head = bytes.substr(0, end + 2);
    const auto take = [&head](std::string_view separator) {
        const std::size_t at = std::min(head.find(separator), head.size());
        const std::string_view taken = head.substr(0, at);
        head.remove_prefix(std::min(at + separator.size(), head.size()));
        return taken;
    };
    request.method = take(" ");
    request.target = take(" ");
    request.version = take("\r\n");
    request.keep_alive = request.version == "HTTP/1.1";
    while (!head.empty()) {
        const std::string_view name = take(":");
        std::string_view value = take("\r\n");
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        if (equal_ignoring_case(name, "host")) request.host = value;
        if (equal_ignoring_case(name, "connection"))
            request.keep_alive = !equal_ignoring_case(value, "close");
    }
    return request;
}

/// An answer of exactly `total` bytes including the head, so that every server sends as many as
/// `examples/serve`.
inline std::string hello(std::size_t total) {
    const std::string body = "hello, world\n";
    std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\nX-Padding: ";
    const std::size_t fixed = head.size() + 4 + body.size();
    head.append(total > fixed ? total - fixed : 0, '.');
    return head + "\r\n\r\n" + body;
}

/// Appends the answers to all complete requests in `bytes` to `out`, and removes these requests
/// from `bytes`. Returns false if the connection must be closed after them.
inline bool answer(std::string_view& bytes, const std::string& hello, std::string& out) {
    while (const auto request = parse(bytes)) {
        const bool valid =
            request->method == "GET" && request->target == "/hello.txt" && !request->host.empty();
        out += valid ? hello : "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        bytes.remove_prefix(request->length);
        if (!request->keep_alive) return false;
    }
    return true;
}

} // namespace http
