#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace hocket::engine {

/// The error of the last system call on this thread.
[[nodiscard]] inline std::error_code last_error() noexcept {
    return {errno, std::system_category()};
}

/// Whether the last system call failed only because it would have had to wait.
[[nodiscard]] inline bool would_block() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

/// Throws the last error as a std::system_error. `what` is the call and its object: "open /tmp/x".
[[noreturn]] inline void throw_errno(const std::string& what) {
    throw std::system_error(last_error(), what);
}

} // namespace hocket::engine
