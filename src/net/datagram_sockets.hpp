#pragma once

#include <string_view>

#include <hocket/socket.hpp>

#include "engine/datagram_transport.hpp"

namespace hocket {
class EventLoop;
}

namespace hocket::detail {

/// Sends by asyncio's rules for addresses (ValueError), and reports it to the loop when that goes
/// on after the transport was closed.
void send_datagram(EventLoop& loop, engine::DatagramTransport& transport, std::string_view data,
                   const SocketAddress& to);

} // namespace hocket::detail
