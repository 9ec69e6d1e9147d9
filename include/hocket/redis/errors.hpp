#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace hocket::redis {

/// The base of all errors of this component: redis-py's RedisError.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown when the server cannot be reached or the connection is lost. A command that had been sent
/// may have been executed or not; it is never sent again.
class ConnectionError : public Error {
public:
    using Error::Error;
};

/// Thrown when the server does not answer in time, or no connection of the pool becomes free in
/// time. (Not thrown by `with_timeout`, which throws hocket::TimeoutError.)
class TimeoutError : public ConnectionError {
public:
    using ConnectionError::ConnectionError;
};

/// Thrown when what the server sends is not Redis's protocol, or a reply is larger than
/// ClientOptions::max_reply_size. The connection is closed.
class ProtocolError : public ConnectionError {
public:
    using ConnectionError::ConnectionError;
};

/// Thrown when the server replies with an error: redis-py's ResponseError.
class ResponseError : public Error {
public:
    explicit ResponseError(const std::string& text) : Error(text) {}

    /// The first word of the error: "WRONGTYPE", "NOSCRIPT", "ERR".
    [[nodiscard]] std::string_view code() const noexcept {
        const std::string_view text = what();
        return text.substr(0, text.find(' '));
    }
};

/// Thrown when a reply is converted to a type that it does not have.
class DataError : public Error {
public:
    using Error::Error;
};

/// Thrown when the watched keys of a transaction were changed by others in every attempt.
class WatchError : public Error {
public:
    using Error::Error;
};

} // namespace hocket::redis
