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

/// A datagram socket for tasks, which asyncio lacks. A handle: copies share the socket, and when
/// the last one is gone it is closed, as by close(). For the loop's thread.
///
/// What comes while nobody receives is queued, up to `DatagramOptions::limit` and the 64 datagrams
/// that one look at the socket may bring. Above that the endpoint leaves them in the kernel, which
/// drops what comes last when its own buffer (SO_RCVBUF) is full, as it does for every socket.
class DatagramEndpoint final : public DatagramSocketOptions {
public:
    /// For hocket's own parts.
    explicit DatagramEndpoint(std::shared_ptr<detail::DatagramEndpointState> state);

    /// Awaitable: the next Datagram. Any number of tasks may wait, and are served in their order.
    /// Throws what error_received would be told (std::system_error: who got what was sent before
    /// refused it, …), once each, or the last that came while nobody listened; the endpoint goes
    /// on. Throws EOFError once the endpoint is closed. Cancelling loses no datagram.
    [[nodiscard]] detail::ReceiveDatagram recv() const { return detail::ReceiveDatagram(state_); }
    /// As recv, into `space`; yields a DatagramSize. A datagram that does not fit is a
    /// std::system_error (EMSGSIZE), and stays the next one.
    [[nodiscard]] detail::ReceiveDatagramInto recv_into(std::span<std::byte> space) const {
        return {state_, space};
    }
    /// The datagrams that come until the endpoint is closed, as by recv:
    /// `while (auto datagram = co_await datagrams.next())`. Keeps the endpoint open.
    [[nodiscard]] AsyncGenerator<Datagram> datagrams() const;

    /// Sends a datagram, which may be empty, or queues a copy: never waits; await drain() after
    /// many. Those of one turn leave together. On an endpoint with a remote address `address` is
    /// left out, or that address; on others it must be given: otherwise ValueError. Ignored once
    /// the endpoint is closing.
    void send(std::string_view data, const SocketAddress& address = {}) const;
    void send(std::span<const std::byte> data, const SocketAddress& address = {}) const {
        send(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()), address);
    }
    /// Waits until not too much is queued: at once, unless more than 64 KiB are; then until at most
    /// 16 KiB are, or the endpoint is closed. Cancelling ends only the wait.
    [[nodiscard]] detail::WaitDatagramEndpoint drain() const {
        return {state_, detail::WaitDatagramEndpoint::For::room};
    }

    /// Sends what is queued, then closes the socket. What came and was not received is dropped.
    void close() const noexcept;
    /// Closes the socket at once; what is queued is dropped.
    void abort() const noexcept;
    [[nodiscard]] bool is_closing() const noexcept;
    /// Waits until the socket is closed. Cancelling ends only the wait.
    [[nodiscard]] detail::WaitDatagramEndpoint wait_closed() const {
        return {state_, detail::WaitDatagramEndpoint::For::end};
    }

    /// The remote address; not known when there is none.
    [[nodiscard]] SocketAddress peername() const noexcept;
    /// This end's address; not known once the endpoint is closed.
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
/// The same on a datagram socket that is there already. Of the options, only `limit` matters.
Coro<DatagramEndpoint> open_datagram_endpoint(Socket sock, DatagramOptions options = {});

} // namespace hocket
