#pragma once

#include <optional>
#include <string_view>
#include <system_error>

#include <hocket/engine/socket.hpp>

namespace hocket::engine {

/// Finds a network interface by its name, number or one of its addresses. Returns 0 (any) if `text`
/// is empty, an empty optional if there is no such interface.
[[nodiscard]] std::optional<unsigned> interface_index(std::string_view text);

// Multicast options of a socket, for IPv4 and IPv6.
[[nodiscard]] std::error_code join_group(const Socket& socket, const SocketAddress& group,
                                         unsigned interface) noexcept;
[[nodiscard]] std::error_code leave_group(const Socket& socket, const SocketAddress& group,
                                          unsigned interface) noexcept;
[[nodiscard]] std::error_code set_multicast_hops(const Socket& socket, int hops) noexcept;
[[nodiscard]] std::error_code set_multicast_loop(const Socket& socket, bool on) noexcept;
[[nodiscard]] std::error_code set_multicast_interface(const Socket& socket,
                                                      unsigned interface) noexcept;

} // namespace hocket::engine
