#pragma once

#include <cstdint>
#include <optional>

namespace hocket::observer {

/// Starts this process's observer, a thread that answers the `hocket` command and reports loops
/// that are blocked. Does nothing if it has been started. Throws std::system_error or
/// std::runtime_error if its socket cannot be made.
void start_observer(std::optional<std::uint16_t> metrics_port);

/// The same without metrics, but a failure is reported on stderr, once: "hocket: <subject>: why".
void start_or_report(const char* subject) noexcept;

/// Starts it if the environment contains HOCKET_OBSERVE=1; a failure is reported on stderr.
void start_if_asked() noexcept;

/// Whether this process has an observer.
[[nodiscard]] bool is_observed() noexcept;

/// Removes the observer's socket. For processes that end by _exit; exit calls it.
void remove_socket() noexcept;

} // namespace hocket::observer
