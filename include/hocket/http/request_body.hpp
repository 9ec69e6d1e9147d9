#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>

namespace hocket::http {

namespace detail {
class Connection;
}

/// The body of a request, which is read from the connection as the handler asks for it. What the
/// handler does not ask for stays in the kernel, so a client that sends faster than it is read is
/// slowed down by TCP. The first read sends `100 Continue` if the client waits for that.
///
/// All reads throw StatusError, which answers the request if the handler lets it pass: 413 if the
/// body exceeds the limit, 400 if it is malformed or ends early, 408 if the client sends nothing,
/// or less than the options' minimum, for too long. Only one task may read at a time; a second one
/// throws RuntimeError. A cancelled read loses no data.
class RequestBody {
public:
    explicit RequestBody(detail::Connection& connection) noexcept : connection_(&connection) {}
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;

    /// Returns the rest of the body.
    Coro<std::string> read();
    /// Returns the next piece as soon as there is one, of any size; empty at the end of the body.
    Coro<std::string> read_some();
    /// Yields these pieces.
    AsyncGenerator<std::string> chunks();

    /// The size that the client has announced; empty if the body is chunked.
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;
    /// Whether everything has been read, or there is no body.
    [[nodiscard]] bool at_end() const noexcept;
    /// Replaces the options' limit on the size of this body. Call this before reading.
    void set_limit(std::uint64_t bytes) noexcept;

private:
    detail::Connection* connection_;
};

} // namespace hocket::http
