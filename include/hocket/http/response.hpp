#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/file_descriptor.hpp>
#include <hocket/http/headers.hpp>

namespace hocket {
class Transport;
}

namespace hocket::http {

namespace detail {
class Connection;
struct StaticEntry;
} // namespace detail

/// A part of an open file as a response's body. The kernel sends it (sendfile).
struct FileBody {
    FileDescriptor file;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// A connection that has left HTTP; see Response::upgrade.
struct Upgraded {
    std::shared_ptr<Transport> transport; ///< Give it a protocol with set_protocol.
    std::string received;                 ///< What the client has sent after its request.
};

/// What a handler returns. The server adds Date, Content-Length or Transfer-Encoding, and
/// Connection.
///
///     auto response = hocket::http::Response::json(R"({"id": 7})");
///     response.headers.set("Cache-Control", "no-store");
class Response {
public:
    using Upgrade = std::function<Coro<>(Upgraded)>;

    /// A response without a body. Throws ValueError if `status` is not between 200 and 599.
    explicit Response(int status = 200);
    /// A response with a body of that type.
    Response(int status, std::string body, std::string_view content_type);

    [[nodiscard]] static Response text(std::string body, int status = 200);
    [[nodiscard]] static Response html(std::string body, int status = 200);
    /// `body` is JSON already.
    [[nodiscard]] static Response json(std::string body, int status = 200);
    [[nodiscard]] static Response redirect(std::string_view location, int status = 302);
    /// Sends what `pieces` yields, chunked, or until the connection's end to a client of HTTP/1.0.
    /// If the response's headers contain Content-Length, the pieces are sent unchanged and must
    /// have that length together. The generator runs in the connection's task, and is not advanced
    /// while the client does not read. If it throws, the exception goes to the loop's exception
    /// handler and the connection is aborted, so that the client does not take the body for
    /// complete.
    [[nodiscard]] static Response stream(AsyncGenerator<std::string> pieces,
                                         std::string_view content_type);
    /// Sends a part of an open file.
    [[nodiscard]] static Response file(FileBody body, std::string_view content_type);
    /// Answers with 101 and leaves HTTP. `run` is then awaited in the connection's task. Set the
    /// Upgrade field, and what else the protocol requires, in `headers`.
    [[nodiscard]] static Response upgrade(Headers headers, Upgrade run);

    /// Called after the last piece of a `stream` to a client of HTTP/1.1; what it returns is sent
    /// as trailer fields.
    std::function<Headers()> trailers;

    int status;
    Headers headers;

private:
    friend detail::Connection;
    friend class StaticFiles;

    using Shared = std::shared_ptr<const detail::StaticEntry>;
    using Body = std::variant<std::string, AsyncGenerator<std::string>, FileBody, Shared, Upgrade>;

    /// Whether it keeps nothing alive but a little memory.
    [[nodiscard]] bool is_small() const noexcept {
        const auto* const text = std::get_if<std::string>(&body_);
        return text != nullptr && text->size() < 1024 && !trailers;
    }

    std::string_view content_type_; // a literal; `headers` take precedence
    Body body_;
};

} // namespace hocket::http
