#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

#include <hocket/detail/processes/calls/gather_buffer.hpp>
#include <hocket/detail/processes/calls/message.hpp>

#include "engine/memory_mapping.hpp"

namespace hocket::detail {

/// A received request to a manager, or its answer.
class ManagerMessage {
public:
    ManagerMessage();

    /// Receives the next message. Waits for it if the socket is blocking, unless `flags` are
    /// MSG_DONTWAIT. Returns EPIPE at the end.
    [[nodiscard]] std::error_code receive(int socket, int flags = 0);
    /// Valid until the next `receive`.
    [[nodiscard]] std::span<const char> bytes() const noexcept { return bytes_; }
    [[nodiscard]] Descriptors& descriptors() noexcept { return descriptors_; }

private:
    std::unique_ptr<char[]> space_;
    std::span<const char> bytes_;
    Descriptors descriptors_;
    engine::MemoryMapping region_; // with a large message
};

/// Sends one message with duplicates of `descriptors`. A large message is sent as a memory file, so
/// that every message fits into the socket. Returns the errors of engine::send_message.
[[nodiscard]] std::error_code send_manager_message(int socket, const GatherBuffer& message,
                                                   const Descriptors& descriptors);
[[nodiscard]] std::error_code send_manager_message(int socket, std::span<const char> message,
                                                   const Descriptors& descriptors);

} // namespace hocket::detail
