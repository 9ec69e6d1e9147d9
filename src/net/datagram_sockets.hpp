#pragma once

#include <string_view>

#include <hocket/socket.hpp>

#include "engine/datagram_transport.hpp"

namespace hocket {
class EventLoop;
}

namespace hocket::detail {

/// Sends by asyncio's rules for addresses (throws ValueError). Sends after the transport was closed
/// are ignored; if they are repeated, the loop's exception handler is called.
void send_datagram(EventLoop& loop, engine::DatagramTransport& transport, std::string_view data,
                   const SocketAddress& to);

} // namespace hocket::detail
