#pragma once

#include <hocket/detail/net/protocol_factory.hpp>
#include <hocket/file_descriptor.hpp>

#include "engine/pipe_channel.hpp"

namespace hocket::detail {

/// Throws ValueError if `pipe` is not a byte stream, and std::system_error for all other failures.
[[nodiscard]] engine::PipeChannel open_channel(FileDescriptor pipe, PipeDirection direction);

} // namespace hocket::detail
