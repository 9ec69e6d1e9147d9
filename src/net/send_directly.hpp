#pragma once

#include <cstdint>
#include <optional>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/sendfile.hpp>

#include "engine/stream_transport.hpp"

namespace hocket::detail {

/// Lets the kernel send a file over `transport`, after the data already queued. Meanwhile nothing
/// is read. Returns the number of bytes sent, or nothing if the kernel cannot send this file and
/// the options allow the fallback. Throws std::system_error, RuntimeError,
/// SendfileNotAvailableError.
Coro<std::optional<std::uint64_t>> send_directly(engine::StreamTransport& transport, int file,
                                                 SendfileOptions options);

} // namespace hocket::detail
