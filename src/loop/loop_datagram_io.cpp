#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <sys/socket.h>

#include <hocket/event_loop.hpp>

#include "engine/last_error.hpp"
#include "loop/event_loop_state.hpp"
#include "loop/network_operations.hpp"

namespace hocket {

namespace detail {

namespace {

Coro<DatagramSize> receive_from(LoopNetwork& network, int fd, std::span<std::byte> space) {
    for (;;) {
        sockaddr_storage storage;
        socklen_t size = sizeof storage;
        auto* const native = reinterpret_cast<sockaddr*>(&storage);
        const ssize_t received = ::recvfrom(fd, space.data(), space.size(), 0, native, &size);
        if (received >= 0) {
            co_return DatagramSize{static_cast<std::size_t>(received),
                                   SocketAddress::from_native(native, size)};
        }
        if (!engine::would_block() && errno != EINTR) {
            const std::error_code error = engine::last_error(); // before the next system call
            throw std::system_error(error, "recvfrom on " + SocketAddress::local_of(fd).text());
        }
        FdReady ready(network, fd, FdWatch::Direction::read);
        co_await ready;
    }
}

Coro<Datagram> receive_datagram(LoopNetwork& network, int fd, std::size_t n) {
    Datagram datagram;
    datagram.data.resize(n);
    const DatagramSize received =
        co_await receive_from(network, fd, std::as_writable_bytes(std::span(datagram.data)));
    datagram.data.resize(received.size);
    datagram.address = received.address;
    co_return datagram;
}

Coro<std::size_t> send_to(LoopNetwork& network, int fd, std::string_view data,
                          SocketAddress address) {
    for (;;) {
        const ssize_t sent =
            ::sendto(fd, data.data(), data.size(), MSG_NOSIGNAL,
                     address.is_known() ? address.native() : nullptr, address.native_size());
        if (sent >= 0) {
            co_return static_cast<std::size_t>(sent);
        }
        if (!engine::would_block() && errno != EINTR) {
            const std::error_code error = engine::last_error();
            throw std::system_error(
                error,
                "sendto " + (address.is_known() ? address : SocketAddress::peer_of(fd)).text());
        }
        FdReady ready(network, fd, FdWatch::Direction::write);
        co_await ready;
    }
}

} // namespace

} // namespace detail

Coro<Datagram> LoopIo::sock_recvfrom(const Socket& socket, std::size_t n) {
    return detail::receive_datagram(loop().state().network, socket.fileno(), n);
}

Coro<DatagramSize> LoopIo::sock_recvfrom_into(const Socket& socket, std::span<std::byte> space) {
    return detail::receive_from(loop().state().network, socket.fileno(), space);
}

Coro<std::size_t> LoopIo::sock_sendto(const Socket& socket, std::string_view data,
                                      SocketAddress address) {
    return detail::send_to(loop().state().network, socket.fileno(), data, address);
}

} // namespace hocket
