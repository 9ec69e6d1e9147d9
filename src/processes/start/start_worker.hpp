#pragma once

#include <sys/types.h>

#include <hocket/engine/file_descriptor.hpp>
#include <hocket/start_method.hpp>

#include "processes/start/owner_end.hpp"

namespace hocket::detail {

/// A process of this program that waits for its Bootstrap.
struct StartedWorker {
    pid_t pid = 0;
    OwnerEnd control; // the socket to it; when this end is closed, it ends
    engine::FileDescriptor pidfd;
    engine::FileDescriptor reports; // of a fork server's child: where its exit status comes from
};

/// Starts a process of this program to be a worker: it has stdout, stderr and the end of a socket,
/// and its stdin is empty. Throws std::system_error.
[[nodiscard]] StartedWorker start_worker(StartMethod method);

/// The methods, each in a file of its own.
[[nodiscard]] StartedWorker start_by_spawn();
[[nodiscard]] StartedWorker start_by_fork_server();
[[nodiscard]] StartedWorker start_by_fork();

/// Kills a worker that cannot be used after all, and reaps it.
void abandon(StartedWorker& worker) noexcept;

/// The pidfd of a child that was just started and not reaped. If there is none, the child is killed
/// and reaped, and std::system_error thrown.
[[nodiscard]] engine::FileDescriptor open_pidfd(pid_t child);

} // namespace hocket::detail
