#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <hocket/datagram_socket_options.hpp>
#include <hocket/socket.hpp>

namespace hocket {

/// The datagram socket that a DatagramProtocol uses: Python's asyncio.DatagramTransport. Use it
/// only on the loop's thread. It lives as long as its protocol; once it is closed, its functions do
/// nothing.
class DatagramTransport : public DatagramSocketOptions {
public:
    DatagramTransport() = default;
    DatagramTransport(const DatagramTransport&) = delete;
    DatagramTransport& operator=(const DatagramTransport&) = delete;

    /// Sends a datagram, which may be empty, or queues a copy of it. Never waits. Datagrams sent in
    /// one turn of the loop leave together. On a transport with a remote address, `addr` must be
    /// omitted or equal to it; on any other transport it is required. Otherwise throws ValueError.
    /// Send errors are passed to error_received. Ignored once the transport is closing; after five
    /// ignored calls this is reported.
    virtual void sendto(std::string_view data, const SocketAddress& addr = {}) = 0;
    void sendto(std::span<const std::byte> data, const SocketAddress& addr = {}) {
        sendto(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()), addr);
    }

    /// Stops receiving, sends the queued datagrams, then closes. connection_lost is called later.
    virtual void close() noexcept = 0;
    /// Closes without sending the queued datagrams. connection_lost is called later.
    virtual void abort() noexcept = 0;
    [[nodiscard]] virtual bool is_closing() const noexcept = 0;

    /// Sets when pause_writing is called (more than `high` bytes queued) and when resume_writing is
    /// called (at most `low` bytes queued). The default for `high` is 64 KiB, or four times `low`
    /// if that is given; the default for `low` is a quarter of `high`. Throws ValueError if low >
    /// high.
    virtual void set_write_buffer_limits(std::optional<std::size_t> high = {},
                                         std::optional<std::size_t> low = {}) = 0;
    /// Returns (low, high), in Python's order.
    [[nodiscard]] virtual std::pair<std::size_t, std::size_t>
    get_write_buffer_limits() const noexcept = 0;
    /// The number of queued bytes, counting eight extra bytes for each datagram.
    [[nodiscard]] virtual std::size_t get_write_buffer_size() const noexcept = 0;

    // In Python these come from get_extra_info.
    /// The remote address; unknown if the socket is not connected.
    [[nodiscard]] virtual SocketAddress peername() const noexcept = 0;
    /// The local address; unknown once the transport is closed.
    [[nodiscard]] virtual SocketAddress sockname() const noexcept = 0;

protected:
    ~DatagramTransport() = default;
};

} // namespace hocket
