#pragma once

#include <string>

#include <hocket/engine/file_descriptor.hpp>

namespace hocket::observer {

/// Gives the calling thread a table of descriptors of its own, which has only stderr. The kernel
/// counts references at each call on a descriptor of a table that threads share: a second thread
/// that shares it makes the echo server of a program with one loop 4 % slower. Returns false if the
/// kernel refuses (before Linux 5.9, or in a sandbox): then the table stays shared.
[[nodiscard]] bool leave_descriptors() noexcept;

/// A copy of a descriptor of the process's main thread, for the calling thread. Not open if there
/// is no such descriptor.
[[nodiscard]] engine::FileDescriptor copy_of_process(int fileno) noexcept;

/// Writes to what is stderr for the rest of the process, at once, so that lines of several threads
/// are not mixed.
void write_to_stderr(const std::string& text) noexcept;

} // namespace hocket::observer
