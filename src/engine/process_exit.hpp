#pragma once

#include <cstdint>
#include <optional>
#include <system_error>

#include <sys/wait.h>

namespace hocket::engine {

/// P_PIDFD, which older headers do not name: waitid() of a pidfd.
inline constexpr auto by_pidfd = static_cast<idtype_t>(3);

/// How a process ended.
struct ProcessExit {
    static constexpr int unknown = 255; // as in Python

    int status = unknown;  // its exit status, or minus the signal that ended it
    std::error_code error; // why that is unknown
};

/// Reaps the child with this pidfd; nothing as long as it runs. ECHILD: somebody else reaped it.
[[nodiscard]] std::optional<ProcessExit> reap(int pidfd) noexcept;

/// The same of a fork server's child, which the server reaps: it sends the status to `reports`, its
/// end of a SOCK_SEQPACKET connection. For that moment, between the process's end and the server's
/// word, this blocks. ECHILD: the server has ended.
[[nodiscard]] std::optional<ProcessExit> read_exit(int pidfd, int reports) noexcept;

/// What the fork server sends.
void report_exit(int reports, const ProcessExit& exit) noexcept;

} // namespace hocket::engine
