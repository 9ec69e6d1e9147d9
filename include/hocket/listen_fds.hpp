#pragma once

#include <string>
#include <vector>

#include <hocket/socket.hpp>

namespace hocket {

/// A socket that was opened for this program by the process that started it.
struct ActivatedSocket {
    Socket socket;
    std::string name; ///< From systemd's FileDescriptorName=; "unknown" if it has none.
};

/// Returns the sockets passed to this process by systemd, or by any program that uses its protocol
/// (LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES): systemd's sd_listen_fds_with_names. Empty if there are
/// none, or if they are meant for another process. The sockets are made close-on-exec and
/// non-blocking. The three variables are removed from the environment, so a second call and all
/// child processes find none. Pass the sockets to `start_server`.
///
/// Throws ValueError if the variables are malformed, and std::system_error if one of the announced
/// descriptors is not open or is not a socket. In both cases the variables are removed and the
/// sockets taken so far are closed. Do not call it while other threads may read the environment;
/// call it early in `main`.
[[nodiscard]] std::vector<ActivatedSocket> listen_fds();

} // namespace hocket
