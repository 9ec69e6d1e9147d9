#pragma once

#include <sys/types.h>

#include <hocket/detail/file_descriptor.hpp>

namespace hocket::detail {

/// A process of this program that waits for its Bootstrap.
struct StartedWorker {
    pid_t pid;
    engine::FileDescriptor control; // the socket to it; when this end is closed, it ends
};

/// Starts this program once more, by exec, to be a worker: it inherits stdout, stderr and the end
/// of a socket, nothing else. Throws std::system_error.
[[nodiscard]] StartedWorker start_worker();

} // namespace hocket::detail
