#pragma once

#include <cstddef>
#include <string>

#include <hocket/socket.hpp>

namespace hocket {

/// A datagram and its sender: `auto [data, address] = co_await endpoint.recv();`
struct Datagram {
    std::string data;
    SocketAddress address; ///< Unknown if the sender is an unnamed Unix socket.
};

/// The size and sender of a datagram that was received into the caller's memory.
struct DatagramSize {
    std::size_t size = 0; ///< In bytes.
    SocketAddress address;
};

} // namespace hocket
