#pragma once

#include <cstdint>
#include <optional>

namespace hocket::observer {

/// Starts this process's observer, a thread that answers the `hocket` command and reports loops
/// that are blocked. Does nothing if it has been started. Throws std::system_error or
/// std::runtime_error if its socket cannot be made.
void start_observer(std::optional<std::uint16_t> metrics_port);

/// Starts it if the environment contains HOCKET_OBSERVE=1, once; a failure is reported on stderr.
void start_if_asked() noexcept;

} // namespace hocket::observer
