#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/datagram_protocol.hpp>
#include <hocket/datagram_transport.hpp>
#include <hocket/detail/loop/factories.hpp>
#include <hocket/loop_io.hpp>
#include <hocket/network_options.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

/// A datagram socket and the destination of all its datagrams; the destination is not known if each
/// datagram has its own address.
struct DatagramSocket {
    Socket socket;
    SocketAddress destination;
};

/// Resolves, binds and connects as the options say.
Coro<DatagramSocket> open_datagram_socket(DatagramOptions options);
/// Takes over the caller's socket. Throws ValueError if it is not a datagram socket.
[[nodiscard]] DatagramSocket adopt_datagram_socket(Socket socket);

std::shared_ptr<DatagramTransport>
attach_datagram_protocol(DatagramSocket socket, std::shared_ptr<DatagramProtocol> protocol);

template <class F>
WithMade<DatagramTransport, F> attach_made_protocol(F& factory, DatagramSocket socket) {
    std::shared_ptr<Made<F>> protocol = factory();
    return {attach_datagram_protocol(std::move(socket), protocol), protocol};
}
template <class F>
Coro<WithMade<DatagramTransport, F>> open_datagram_protocol(F factory, DatagramOptions options) {
    DatagramSocket socket = co_await open_datagram_socket(options);
    co_return attach_made_protocol(factory, std::move(socket));
}
template <class F>
Coro<WithMade<DatagramTransport, F>> adopt_datagram_protocol(F factory, Socket socket) {
    co_return attach_made_protocol(factory, adopt_datagram_socket(std::move(socket)));
}

} // namespace hocket::detail

namespace hocket {

template <detail::DatagramProtocolFactory F>
detail::Connecting<DatagramTransport, F> LoopIo::create_datagram_endpoint(F&& factory,
                                                                          DatagramOptions options) {
    return detail::open_datagram_protocol(std::forward<F>(factory), options);
}

template <detail::DatagramProtocolFactory F>
detail::Connecting<DatagramTransport, F> LoopIo::create_datagram_endpoint(F&& factory,
                                                                          Socket sock) {
    return detail::adopt_datagram_protocol(std::forward<F>(factory), std::move(sock));
}

} // namespace hocket
