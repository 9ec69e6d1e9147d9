#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>

namespace hocket::http {

class ClientResponse;

/// The base of all errors of the client: httpx.HTTPError. The names and the hierarchy are httpx's;
/// `what()` contains the method and the URL.
class HTTPError : public std::runtime_error {
public:
    HTTPError(const std::string& what, std::string url)
        : std::runtime_error(what), url_(std::make_shared<const std::string>(std::move(url))) {}

    [[nodiscard]] const std::string& url() const noexcept { return *url_; }

private:
    std::shared_ptr<const std::string> url_; // shared: copying an exception must not throw
};

/// The request failed before a complete response had arrived.
class RequestError : public HTTPError {
public:
    using HTTPError::HTTPError;
};
class TransportError : public RequestError {
public:
    using RequestError::RequestError;
};

// -- timeouts ----------------------------------------------------------------------------------

class TimeoutException : public TransportError {
public:
    using TransportError::TransportError;
};
/// The connection, with its name look-up and its TLS handshake, took too long.
class ConnectTimeout : public TimeoutException {
public:
    using TimeoutException::TimeoutException;
};
/// The server sent nothing for too long.
class ReadTimeout : public TimeoutException {
public:
    using TimeoutException::TimeoutException;
};
/// The server accepted no data for too long.
class WriteTimeout : public TimeoutException {
public:
    using TimeoutException::TimeoutException;
};
/// All connections that the limits allow were in use for too long.
class PoolTimeout : public TimeoutException {
public:
    using TimeoutException::TimeoutException;
};

// -- the network -------------------------------------------------------------------------------

class NetworkError : public TransportError {
public:
    NetworkError(const std::string& what, std::string url, std::error_code code = {})
        : TransportError(what, std::move(url)), code_(code) {}

    /// The system's error, such as std::errc::connection_refused; no error if it reported none.
    [[nodiscard]] std::error_code code() const noexcept { return code_; }

private:
    std::error_code code_;
};
/// The name cannot be resolved, or nothing accepts connections there.
class ConnectError : public NetworkError {
public:
    using NetworkError::NetworkError;
};
/// The TLS handshake failed, or the server's certificate is not valid. In httpx this is a
/// ConnectError.
class TLSError : public ConnectError {
public:
    using ConnectError::ConnectError;
};
/// The server's certificate was refused; `what()` contains the reason. In httpx this is a
/// ConnectError.
class CertificateError : public TLSError {
public:
    using TLSError::TLSError;
};
class ReadError : public NetworkError {
public:
    using NetworkError::NetworkError;
};
class WriteError : public NetworkError {
public:
    using NetworkError::NetworkError;
};
/// The session was closed during the request.
class CloseError : public NetworkError {
public:
    using NetworkError::NetworkError;
};
class ProxyError : public TransportError {
public:
    using TransportError::TransportError;
};

// -- the protocol ------------------------------------------------------------------------------

/// The URL's scheme is neither http nor https.
class UnsupportedProtocol : public TransportError {
public:
    using TransportError::TransportError;
};
class ProtocolError : public TransportError {
public:
    using TransportError::TransportError;
};
/// The server broke the rules of HTTP, or ended the connection in the middle of a response.
class RemoteProtocolError : public ProtocolError {
public:
    using ProtocolError::ProtocolError;
};
/// The connection ended before the response did. In httpx this is a RemoteProtocolError.
class IncompleteResponse : public RemoteProtocolError {
public:
    IncompleteResponse(const std::string& what, std::string url, std::uint64_t received,
                       std::optional<std::uint64_t> expected)
        : RemoteProtocolError(what, std::move(url)), received_(received), expected_(expected) {}

    /// How many bytes of the body had arrived, as they were sent: not decompressed.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    /// The Content-Length, if the server sent one.
    [[nodiscard]] std::optional<std::uint64_t> expected() const noexcept { return expected_; }

private:
    std::uint64_t received_;
    std::optional<std::uint64_t> expected_;
};
/// The body cannot be decompressed.
class DecodingError : public RequestError {
public:
    using RequestError::RequestError;
};
class TooManyRedirects : public RequestError {
public:
    using RequestError::RequestError;
};
/// The response's headers or its body are larger than the limit.
class BodyTooLarge : public RequestError {
public:
    using RequestError::RequestError;
};
/// The body of a streamed response, or of an upload, was used up already: httpx.StreamConsumed.
class StreamConsumed : public RequestError {
public:
    using RequestError::RequestError;
};

/// Thrown by `raise_for_status` for a response that is not a success.
class HTTPStatusError : public HTTPError {
public:
    HTTPStatusError(const std::string& what, std::string url,
                    std::shared_ptr<const ClientResponse> response)
        : HTTPError(what, std::move(url)), response_(std::move(response)) {}

    [[nodiscard]] const ClientResponse& response() const noexcept { return *response_; }

private:
    std::shared_ptr<const ClientResponse> response_;
};

/// Thrown for a URL that cannot be parsed: httpx.InvalidURL.
class InvalidURL : public ValueError {
public:
    using ValueError::ValueError;
};

} // namespace hocket::http
