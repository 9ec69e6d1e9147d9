#pragma once

#include <cstdint>
#include <optional>

namespace hocket::observer {

/// Starts this process's observer, a thread that answers the `hocket` command and reports loops
/// that are blocked. Does nothing if it has been started. Throws std::system_error or
/// std::runtime_error if its socket cannot be made.
void start_observer(std::optional<std::uint16_t> metrics_port);

/// Records what happens from now on, for `hocket trace --last`. Does nothing if it does already.
/// Throws std::system_error if there is no descriptor or memory for that.
void record_until_the_end();

/// How a process is observed. Each includes those before it.
enum class Watch : std::uint32_t {
    none,
    observed,
    traced,  ///< `hocket trace` records it at the moment, and finds a new worker within two seconds
    recorded ///< until its end
};
/// How this process is observed.
[[nodiscard]] Watch own_watch() noexcept;

/// Has this process observed like that. A failure is reported on stderr, once: "hocket: <subject>:
/// why".
void start_or_report(Watch watch, const char* subject) noexcept;

/// Does what the environment asks for: HOCKET_OBSERVE=1, or HOCKET_TRACE=1, which also records. A
/// failure is reported on stderr.
void start_if_asked() noexcept;

/// Removes the observer's socket. For processes that end by _exit; exit calls it.
void remove_socket() noexcept;

} // namespace hocket::observer
