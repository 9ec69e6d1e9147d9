#pragma once

#include <optional>
#include <system_error>

#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {

/// An entry that a socket with IP_RECVERR or IPV6_RECVERR queues for each datagram that did not
/// arrive.
struct QueuedError {
    std::error_code code; ///< Not set if it is not an error but, for example, a timestamp.
    SocketAddress to;     ///< The datagram's destination.
};

/// Takes an entry from the socket's queue; empty if there is none. While there are entries, epoll
/// reports an error in every turn.
[[nodiscard]] std::optional<QueuedError> take_queued_error(int fd) noexcept;

} // namespace hocket::engine
