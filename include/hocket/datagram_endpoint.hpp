#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/datagram.hpp>
#include <hocket/datagram_socket_options.hpp>
#include <hocket/detail/net/datagram_operations.hpp>
#include <hocket/network_options.hpp>
#include <hocket/socket.hpp>

namespace hocket {

/// A datagram socket for tasks; asyncio has no equivalent. This is a handle: copies share the
/// socket, and destroying the last copy closes it as close() does. Use it only on the loop's
/// thread.
///
/// Datagrams that arrive while no task is receiving are queued, up to `DatagramOptions::limit` plus
/// the at most 64 datagrams that one read of the socket may deliver. Beyond that they stay in the
/// kernel, which drops new ones once its own buffer (SO_RCVBUF) is full, as for every socket.
class DatagramEndpoint final : public DatagramSocketOptions {
public:
    /// Internal.
    explicit DatagramEndpoint(std::shared_ptr<detail::DatagramEndpointState> state);

    /// Awaitable: returns the next Datagram. Any number of tasks may wait; they are served in
    /// order. Throws each error that a DatagramProtocol would get in error_received (a
    /// std::system_error, for example when the receiver of an earlier datagram refused it) once. Of
    /// the errors that occur while no task is receiving, only the last is thrown. The endpoint
    /// stays usable after an error. Throws EOFError once the endpoint is closed. Cancelling loses
    /// no datagram.
    [[nodiscard]] detail::ReceiveDatagram recv() const { return detail::ReceiveDatagram(state_); }
    /// Like recv, but receives into `space` and returns a DatagramSize. If the datagram does not
    /// fit, throws std::system_error (EMSGSIZE), and the datagram stays at the head of the queue.
    [[nodiscard]] detail::ReceiveDatagramInto recv_into(std::span<std::byte> space) const {
        return {state_, space};
    }
    /// Yields datagrams as recv does, until the endpoint is closed. The generator keeps the
    /// endpoint open. Use it in a loop: `while (auto datagram = co_await datagrams.next())`.
    [[nodiscard]] AsyncGenerator<Datagram> datagrams() const;

    /// Sends a datagram, which may be empty, or queues a copy of it. Never waits; call drain()
    /// after many sends. Datagrams sent in one turn of the loop leave together. On an endpoint with
    /// a remote address, `address` must be omitted or equal to it; on any other endpoint it is
    /// required. Otherwise throws ValueError. Ignored once the endpoint is closing.
    void send(std::string_view data, const SocketAddress& address = {}) const;
    void send(std::span<const std::byte> data, const SocketAddress& address = {}) const {
        send(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()), address);
    }
    /// Returns at once if at most 64 KiB are queued for sending. Otherwise waits until at most 16
    /// KiB are queued or the endpoint is closed. Cancelling ends only the wait.
    [[nodiscard]] detail::WaitDatagramEndpoint drain() const {
        return {state_, detail::WaitDatagramEndpoint::For::room};
    }

    /// Sends the queued datagrams, then closes the socket. Datagrams that arrived but were not
    /// received are dropped.
    void close() const noexcept;
    /// Closes the socket at once and drops the queued datagrams.
    void abort() const noexcept;
    [[nodiscard]] bool is_closing() const noexcept;
    /// Waits until the socket is closed. Cancelling ends only the wait.
    [[nodiscard]] detail::WaitDatagramEndpoint wait_closed() const {
        return {state_, detail::WaitDatagramEndpoint::For::end};
    }

    /// The remote address; unknown if the socket is not connected.
    [[nodiscard]] SocketAddress peername() const noexcept;
    /// The local address; unknown once the endpoint is closed.
    [[nodiscard]] SocketAddress sockname() const noexcept;
    [[nodiscard]] Socket& socket() const noexcept override;

private:
    std::shared_ptr<detail::DatagramEndpointState> state_;
};

/// Opens a datagram socket, as EventLoop::create_datagram_endpoint does, for tasks.
///
///     auto server = co_await hocket::open_datagram_endpoint(
///         {.local_addr = hocket::HostPort{"", 9999}});
///     for (;;) {
///         auto [data, address] = co_await server.recv();
///         server.send(data, address);
///     }
Coro<DatagramEndpoint> open_datagram_endpoint(DatagramOptions options);
/// The same for an existing datagram socket. Of the options, only `limit` is used.
Coro<DatagramEndpoint> open_datagram_endpoint(Socket sock, DatagramOptions options = {});

} // namespace hocket
