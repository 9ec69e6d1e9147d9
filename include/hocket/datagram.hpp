#pragma once

#include <cstddef>
#include <string>

#include <hocket/socket.hpp>

namespace hocket {

/// A datagram and who sent it: `auto [data, address] = co_await endpoint.recv();`
struct Datagram {
    std::string data;
    SocketAddress address; ///< Not known when a Unix socket without a name sent it.
};

/// A datagram that was received into the caller's memory.
struct DatagramSize {
    std::size_t size = 0; ///< In bytes.
    SocketAddress address;
};

} // namespace hocket
