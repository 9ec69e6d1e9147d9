#pragma once

#include <optional>
#include <string_view>
#include <system_error>

#include <hocket/engine/socket.hpp>

namespace hocket::engine {

/// A network interface by its name, its number or one of its addresses; 0 (any) when `text` is
/// empty, nothing when there is none like that.
[[nodiscard]] std::optional<unsigned> interface_index(std::string_view text);

// What one socket does with multicast groups, for both families of IP.
[[nodiscard]] std::error_code join_group(const Socket& socket, const SocketAddress& group,
                                         unsigned interface) noexcept;
[[nodiscard]] std::error_code leave_group(const Socket& socket, const SocketAddress& group,
                                          unsigned interface) noexcept;
[[nodiscard]] std::error_code set_multicast_hops(const Socket& socket, int hops) noexcept;
[[nodiscard]] std::error_code set_multicast_loop(const Socket& socket, bool on) noexcept;
[[nodiscard]] std::error_code set_multicast_interface(const Socket& socket,
                                                      unsigned interface) noexcept;

} // namespace hocket::engine
