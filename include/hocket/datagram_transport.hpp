#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <hocket/datagram_socket_options.hpp>
#include <hocket/socket.hpp>

namespace hocket {

/// A datagram socket as a DatagramProtocol sees it: Python's asyncio.DatagramTransport. Belongs to
/// the loop's thread. It lives as long as its protocol does; once it is closed, its functions do
/// nothing.
class DatagramTransport : public DatagramSocketOptions {
public:
    DatagramTransport() = default;
    DatagramTransport(const DatagramTransport&) = delete;
    DatagramTransport& operator=(const DatagramTransport&) = delete;

    /// Sends a datagram, which may be empty, or queues a copy: never waits. Those of one turn leave
    /// together. On a transport with a remote address `addr` is left out, or that address; on
    /// others it must be given: otherwise ValueError. What cannot be sent is told to
    /// error_received. Ignored once the transport is closing (reported after five such calls).
    virtual void sendto(std::string_view data, const SocketAddress& addr = {}) = 0;
    void sendto(std::span<const std::byte> data, const SocketAddress& addr = {}) {
        sendto(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()), addr);
    }

    /// Stops receiving, sends what is queued, then closes; connection_lost comes later.
    virtual void close() noexcept = 0;
    /// Closes without sending what is queued; connection_lost comes later.
    virtual void abort() noexcept = 0;
    [[nodiscard]] virtual bool is_closing() const noexcept = 0;

    /// When pause_writing (more than `high` bytes queued) and resume_writing (at most `low`) are
    /// called. Unset values: high 64 KiB, or four times `low`; low a quarter of `high`. Throws
    /// ValueError when low > high.
    virtual void set_write_buffer_limits(std::optional<std::size_t> high = {},
                                         std::optional<std::size_t> low = {}) = 0;
    /// (low, high), in Python's order.
    [[nodiscard]] virtual std::pair<std::size_t, std::size_t>
    get_write_buffer_limits() const noexcept = 0;
    /// In bytes; each datagram counts eight more.
    [[nodiscard]] virtual std::size_t get_write_buffer_size() const noexcept = 0;

    // Python's get_extra_info.
    /// The remote address; not known when there is none.
    [[nodiscard]] virtual SocketAddress peername() const noexcept = 0;
    /// This end's address; not known once the transport is closed.
    [[nodiscard]] virtual SocketAddress sockname() const noexcept = 0;

protected:
    ~DatagramTransport() = default;
};

} // namespace hocket
