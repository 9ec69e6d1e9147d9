#pragma once

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>

#include <hocket/engine/socket.hpp>

namespace hocket::engine::testing {

/// A bound, non-blocking datagram socket on a port that the kernel chooses.
inline Socket datagram_socket(const char* host = "127.0.0.1") {
    const SocketAddress address = *SocketAddress::from_ip(host, 0);
    std::error_code error;
    Socket socket = Socket::create(address.family(), SOCK_DGRAM, 0, error);
    if (error || socket.bind(address)) {
        std::cerr << "no datagram socket on " << host << '\n';
        std::abort();
    }
    return socket;
}

/// A datagram socket with an abstract name that the kernel chooses, or without a name.
inline Socket unix_datagram_socket(bool with_name = true) {
    std::error_code error;
    Socket socket = Socket::create(AF_UNIX, SOCK_DGRAM, 0, error);
    const sa_family_t family = AF_UNIX; // binding to the family alone requests a name
    const auto* const native = reinterpret_cast<const sockaddr*>(&family);
    if (error || (with_name && ::bind(socket.fileno(), native, sizeof family) != 0)) {
        std::cerr << "no Unix datagram socket\n";
        std::abort();
    }
    return socket;
}

inline std::pair<Socket, Socket> unix_datagram_pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        std::cerr << "socketpair failed\n";
        std::abort();
    }
    return {Socket(fds[0]), Socket(fds[1])};
}

/// The address of a socket that is closed.
inline SocketAddress closed_address(Socket socket) { return socket.local_address(); }

/// Returns false if the peer has no room.
inline bool send_datagram(const Socket& from, std::string_view data, const SocketAddress& to) {
    return ::sendto(from.fileno(), data.data(), data.size(), MSG_NOSIGNAL, to.native(),
                    to.native_size()) == static_cast<ssize_t>(data.size());
}

/// The next available datagram; "(nothing)" if there is none.
inline std::string receive_datagram(const Socket& socket, SocketAddress* from = nullptr) {
    constexpr std::size_t most = std::size_t{300} * 1024;
    const auto data = std::make_unique_for_overwrite<char[]>(most);
    sockaddr_storage storage;
    socklen_t size = sizeof storage;
    auto* const native = reinterpret_cast<sockaddr*>(&storage);
    const ssize_t received =
        ::recvfrom(socket.fileno(), data.get(), most, MSG_DONTWAIT, native, &size);
    if (received < 0) {
        return "(nothing)";
    }
    if (from != nullptr) {
        *from = SocketAddress::from_native(native, size);
    }
    return {data.get(), static_cast<std::size_t>(received)};
}

inline void set_send_buffer(const Socket& socket, int bytes) {
    ::setsockopt(socket.fileno(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

} // namespace hocket::engine::testing
