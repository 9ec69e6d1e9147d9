#pragma once

#include <hocket/engine/file_descriptor.hpp>

namespace hocket {

/// Owns a file descriptor and closes it when destroyed. Passed to `EventLoop::connect_read_pipe`
/// and similar functions. `FileDescriptor(fd)` takes ownership of `fd`,
/// `FileDescriptor::duplicate(fd)` owns a duplicate of it, and `FileDescriptor::pipe()` creates a
/// pipe.
using FileDescriptor = engine::FileDescriptor;

} // namespace hocket
