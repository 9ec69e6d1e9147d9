#pragma once

#include <hocket/engine/file_descriptor.hpp>

namespace hocket {

/// Owns a file descriptor and closes it: what `EventLoop::connect_read_pipe` and its like take.
/// `FileDescriptor(fd)` takes `fd` over, `FileDescriptor::duplicate(fd)` leaves it where it is,
/// `FileDescriptor::pipe()` makes a pipe.
using FileDescriptor = engine::FileDescriptor;

} // namespace hocket
