#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace hocket::observer {

/// The folder of this user's sockets: $XDG_RUNTIME_DIR/hocket, or /tmp/hocket-UID without that
/// variable. Does not create it.
[[nodiscard]] std::string socket_folder();

/// The folders in which the sockets of a user may be. A program that was started by a service
/// manager, say, has another environment than the command that looks at it.
[[nodiscard]] std::vector<std::string> socket_folders_of(uid_t user);

/// The name of a process's socket in such a folder.
[[nodiscard]] std::string socket_name(pid_t process);

/// Creates the folder if need be. Throws std::system_error, or std::runtime_error if what lies
/// there is no folder, belongs to another user or can be entered by others.
void require_own_folder(const std::string& folder);

/// Removes the sockets in a folder of this user's that killed processes have left.
void remove_stale_sockets(const std::string& folder);

} // namespace hocket::observer
