#pragma once

#include <cstdint>
#include <optional>
#include <system_error>

#include <sys/wait.h>

namespace hocket::engine {

/// P_PIDFD (waitid() with a pidfd), which older headers do not define.
inline constexpr auto by_pidfd = static_cast<idtype_t>(3);

/// How a process ended.
struct ProcessExit {
    static constexpr int unknown = 255; // as in Python

    int status = unknown;  // its exit status, or minus the signal that ended it
    std::error_code error; // the reason if the status is unknown
};

/// Reaps the child with this pidfd; empty while it runs. The error is ECHILD if other code reaped
/// it.
[[nodiscard]] std::optional<ProcessExit> reap(int pidfd) noexcept;

/// The same for a fork server's child. The server reaps it and sends the status through a
/// SOCK_SEQPACKET connection, from which this reads (`reports`). Blocks for the short time between
/// the process's end and the server's report. The error is ECHILD if the server has ended.
[[nodiscard]] std::optional<ProcessExit> read_exit(int pidfd, int reports) noexcept;

/// Called by the fork server: sends the status.
void report_exit(int reports, const ProcessExit& exit) noexcept;

} // namespace hocket::engine
