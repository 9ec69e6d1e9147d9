#pragma once

#include <cstdint>
#include <memory>

#include <hocket/coro.hpp>
#include <hocket/detail/loop/sendfile.hpp>

namespace hocket {

class Transport;
class BaseProtocol;

namespace detail {

class StreamState;

/// Throws ValueError if the offset is negative or the count is not positive.
void require_sendable(const SendfileOptions& options);

/// StreamWriter::sendfile.
Coro<std::uint64_t> sendfile_to_stream(std::shared_ptr<StreamState> stream, int file,
                                       SendfileOptions options);

} // namespace detail
} // namespace hocket
