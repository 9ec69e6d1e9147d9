#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace hocket::detail {

/// The descriptor of its socket in a process that spawn_program starts.
inline constexpr int socket_of_spawned = 3;

/// Executes this program again as a worker. It inherits stdout, stderr and `socket`; its stdin is
/// empty; `variables` ("NAME=value") are added to its environment. Throws std::system_error, and
/// RuntimeError in a worker that runs its program's main.
[[nodiscard]] pid_t spawn_program(int socket, std::vector<std::string> variables);

} // namespace hocket::detail
