#pragma once

#include <hocket/detail/net/protocol_factory.hpp>
#include <hocket/file_descriptor.hpp>

#include "engine/pipe_channel.hpp"

namespace hocket::detail {

/// Throws ValueError for what is no stream of bytes, std::system_error for everything else.
[[nodiscard]] engine::PipeChannel open_channel(FileDescriptor pipe, PipeDirection direction);

} // namespace hocket::detail
