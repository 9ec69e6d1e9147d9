#pragma once

#include <stdexcept>
#include <string>

namespace web {

enum class HttpFault {
    malformed,   ///< the bytes are not the HTTP they claim to be
    cut_off,     ///< the connection ended before the message did
    too_large,   ///< more than a limit of ours allows
    unsupported, ///< valid, but something we do not speak
};

/// A message we cannot accept: what was wrong, with which value, and what would be right.
class HttpError : public std::runtime_error {
public:
    HttpError(HttpFault fault, int status, const std::string& message)
        : std::runtime_error(message), fault_(fault), status_(status) {}

    HttpFault fault() const { return fault_; }
    /// The status code with which a server answers such a request.
    int status() const { return status_; }

private:
    HttpFault fault_;
    int status_;
};

} // namespace web
