#pragma once

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/start_method.hpp>

#include "processes/start/owner_end.hpp"

namespace hocket::detail {

/// A process of this program that waits for its Bootstrap.
struct StartedWorker {
    pid_t pid = 0;
    OwnerEnd control; // the socket to it; closing this end ends the worker
    engine::FileDescriptor pidfd;
    engine::FileDescriptor reports; // for a fork server's child: delivers its exit status
};

/// Starts a process of this program as a worker. It inherits stdout, stderr and its end of the
/// socket; its stdin is empty. Throws std::system_error.
[[nodiscard]] StartedWorker start_worker(StartMethod method);

/// The methods, each in its own file.
[[nodiscard]] StartedWorker start_by_spawn();
[[nodiscard]] StartedWorker start_by_fork_server();
[[nodiscard]] StartedWorker start_by_fork();

/// Kills and reaps a worker that cannot be used.
void abandon(StartedWorker& worker) noexcept;

/// The pidfd of a child that was just started and not reaped. If it cannot be opened, the child is
/// killed and reaped, and std::system_error is thrown.
[[nodiscard]] engine::FileDescriptor open_pidfd(pid_t child);

} // namespace hocket::detail
