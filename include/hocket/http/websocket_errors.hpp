#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <hocket/errors.hpp>

namespace hocket::websockets {

/// The base of the errors of WebSocket connections: websockets.WebSocketException. The names and
/// the hierarchy are those of Python's websockets.
class WebSocketException : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown by `recv` and `send` once the connection is closed.
class ConnectionClosed : public WebSocketException {
public:
    ConnectionClosed(const std::string& what, std::uint16_t code)
        : WebSocketException(what), code_(code) {}

    /// The code of the close frame that was received, or sent if none was received; 1006 if the
    /// connection was lost without one.
    [[nodiscard]] std::uint16_t code() const noexcept { return code_; }

private:
    std::uint16_t code_;
};
/// Both ends have closed with 1000 (normal), 1001 (going away) or without a code.
class ConnectionClosedOK : public ConnectionClosed {
public:
    using ConnectionClosed::ConnectionClosed;
};
/// The connection was lost, or closed because of an error.
class ConnectionClosedError : public ConnectionClosed {
public:
    using ConnectionClosed::ConnectionClosed;
};

/// The opening handshake failed.
class InvalidHandshake : public WebSocketException {
public:
    using WebSocketException::WebSocketException;
};
/// The server answered the handshake with another status than 101.
class InvalidStatus : public InvalidHandshake {
public:
    InvalidStatus(const std::string& what, int status_code)
        : InvalidHandshake(what), status_code_(status_code) {}

    [[nodiscard]] int status_code() const noexcept { return status_code_; }

private:
    int status_code_;
};

/// Thrown for a URI that is not that of a WebSocket: websockets.InvalidURI.
class InvalidURI : public ValueError {
public:
    using ValueError::ValueError;
};

} // namespace hocket::websockets
