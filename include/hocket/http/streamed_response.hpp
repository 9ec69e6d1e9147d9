#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/http/client_response.hpp>

namespace hocket::http {

namespace detail {
class ResponseStream; // src/http/client/response_stream.hpp
}

/// A response whose body is read piece by piece: what httpx's `stream` yields. While nobody reads,
/// at most about 64 KiB are received, and TCP slows the server down. Move-only. Destroying it
/// before the body has ended closes the connection.
class StreamedResponse {
public:
    /// Everything but the body.
    [[nodiscard]] const ClientResponse& head() const noexcept;
    [[nodiscard]] int status_code() const noexcept { return head().status_code(); }
    [[nodiscard]] std::string_view reason_phrase() const noexcept { return head().reason_phrase(); }
    [[nodiscard]] const Headers& headers() const noexcept { return head().headers(); }
    [[nodiscard]] const std::string& url() const noexcept { return head().url(); }
    void raise_for_status() const { head().raise_for_status(); }

    /// The next piece of the body, decompressed; empty at its end. Throws like Session::request.
    /// One task at a time may wait; a second one throws RuntimeError. Cancelling ends only the
    /// wait: no data is lost.
    Coro<std::string> read_some();
    /// The rest of the body. Throws BodyTooLarge if it is larger than the session's limit.
    Coro<std::string> aread();
    /// The pieces of the body as a generator, which must not outlive this object.
    AsyncGenerator<std::string> aiter_bytes();
    /// The lines of the body, without their ends ("\n" or "\r\n"). Throws BodyTooLarge for a line
    /// larger than the session's limit on bodies.
    AsyncGenerator<std::string> aiter_lines();
    /// Ends the request at once. Reading throws StreamConsumed afterwards.
    void aclose() noexcept;

    StreamedResponse(StreamedResponse&&) noexcept;
    StreamedResponse& operator=(StreamedResponse&&) noexcept;
    ~StreamedResponse();
    /// Internal.
    explicit StreamedResponse(std::shared_ptr<detail::ResponseStream> stream) noexcept;

private:
    std::shared_ptr<detail::ResponseStream> stream_;
};

} // namespace hocket::http
