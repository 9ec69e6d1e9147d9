#pragma once

#include <cstdint>
#include <optional>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/sendfile.hpp>

#include "engine/stream_transport.hpp"

namespace hocket::detail {

/// Lets the kernel send a file over `transport`, behind what is queued; nothing is read meanwhile.
/// Returns how many bytes were sent, or nothing when the kernel cannot send this file and the
/// options allow the fallback. Throws std::system_error, RuntimeError, SendfileNotAvailableError.
Coro<std::optional<std::uint64_t>> send_directly(engine::StreamTransport& transport, int file,
                                                 SendfileOptions options);

} // namespace hocket::detail
