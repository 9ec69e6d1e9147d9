#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/coro.hpp>
#include <hocket/datagram_protocol.hpp>
#include <hocket/datagram_transport.hpp>
#include <hocket/network_options.hpp>
#include <hocket/socket.hpp>

namespace hocket::detail {

/// A datagram socket and where it sends everything: not known when each datagram has an address.
struct DatagramSocket {
    Socket socket;
    SocketAddress destination;
};

/// Resolves, binds and connects as the options say.
Coro<DatagramSocket> open_datagram_socket(DatagramOptions options);
/// Takes over a socket of the caller's; ValueError when it is not one for datagrams.
[[nodiscard]] DatagramSocket adopt_datagram_socket(Socket socket);

std::shared_ptr<DatagramTransport>
attach_datagram_protocol(DatagramSocket socket, std::shared_ptr<DatagramProtocol> protocol);

/// A callable that makes a protocol: returns a shared_ptr or unique_ptr to a DatagramProtocol.
template <class F>
concept DatagramProtocolFactory = std::invocable<F&> && requires(std::invoke_result_t<F&> made) {
    { *made } -> std::convertible_to<const DatagramProtocol&>;
};
template <DatagramProtocolFactory F>
using FactoryDatagramProtocol =
    std::remove_reference_t<decltype(*std::declval<std::invoke_result_t<F&>>())>;

template <class F>
using ProtocolDatagrams =
    std::pair<std::shared_ptr<DatagramTransport>, std::shared_ptr<FactoryDatagramProtocol<F>>>;

template <class F> ProtocolDatagrams<F> attach_made_protocol(F& factory, DatagramSocket socket) {
    std::shared_ptr<FactoryDatagramProtocol<F>> protocol = factory();
    return {attach_datagram_protocol(std::move(socket), protocol), protocol};
}
template <class F>
Coro<ProtocolDatagrams<F>> open_datagram_protocol(F factory, DatagramOptions options) {
    DatagramSocket socket = co_await open_datagram_socket(options);
    co_return attach_made_protocol(factory, std::move(socket));
}
template <class F> Coro<ProtocolDatagrams<F>> adopt_datagram_protocol(F factory, Socket socket) {
    co_return attach_made_protocol(factory, adopt_datagram_socket(std::move(socket)));
}

} // namespace hocket::detail
