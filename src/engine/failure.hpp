#pragma once

#include <string>
#include <system_error>

namespace hocket::engine {

/// An error in code that must not throw: the system's code and a description of the call and its
/// object ("connect to 127.0.0.1 port 9"). These are the two arguments of a std::system_error.
struct Failure {
    std::error_code code;
    std::string what;

    /// Both in one line: "connect to 127.0.0.1 port 9: Connection refused".
    [[nodiscard]] std::string message() const { return what + ": " + code.message(); }
};

} // namespace hocket::engine
