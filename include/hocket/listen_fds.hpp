#pragma once

#include <string>
#include <vector>

#include <hocket/socket.hpp>

namespace hocket {

/// A socket that whoever started this program has opened for it.
struct ActivatedSocket {
    Socket socket;
    std::string name; ///< From systemd's FileDescriptorName=; "unknown" when it has none.
};

/// The sockets that systemd, or anything that speaks its protocol (LISTEN_FDS, LISTEN_PID,
/// LISTEN_FDNAMES), has passed to this process: systemd's sd_listen_fds_with_names. Empty when
/// there are none, or when they are meant for another process. They are made close-on-exec and
/// non-blocking, and the three variables are removed from the environment, so that a second call,
/// and every child, finds none. Hand them to `start_server`.
///
/// Throws ValueError when the variables make no sense, std::system_error when a descriptor they
/// announce is none, or no socket; the variables are removed, and what was taken over is closed,
/// then too. Not while other threads may look at the environment: call it early in `main`.
[[nodiscard]] std::vector<ActivatedSocket> listen_fds();

} // namespace hocket
