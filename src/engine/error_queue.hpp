#pragma once

#include <optional>
#include <system_error>

#include <hocket/engine/socket_address.hpp>

namespace hocket::engine {

/// What a socket with IP_RECVERR or IPV6_RECVERR keeps for each datagram that did not arrive.
struct QueuedError {
    std::error_code code; ///< Not set for what is no error: a timestamp, say.
    SocketAddress to;     ///< Where the datagram went.
};

/// Takes one from the socket's queue; nothing when that is empty. While there is one, epoll reports
/// an error in every turn.
[[nodiscard]] std::optional<QueuedError> take_queued_error(int fd) noexcept;

} // namespace hocket::engine
