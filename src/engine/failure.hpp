#pragma once

#include <string>
#include <system_error>

namespace hocket::engine {

/// What went wrong, where exceptions may not pass: the system's code, and the call with its object
/// in words ("connect to 127.0.0.1 port 9"): the two arguments of a std::system_error.
struct Failure {
    std::error_code code;
    std::string what;

    /// Both in one line: "connect to 127.0.0.1 port 9: Connection refused".
    [[nodiscard]] std::string message() const { return what + ": " + code.message(); }
};

} // namespace hocket::engine
