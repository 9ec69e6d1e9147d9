#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <hocket/socket.hpp>
#include <hocket/ssl_object.hpp>

namespace hocket {

namespace engine {
class StreamTransport;
}
class BaseProtocol;
class BufferedProtocol;
class Protocol;

/// The common part of all transports. Use them only on the loop's thread.
class BaseTransport {
public:
    BaseTransport() = default;
    BaseTransport(const BaseTransport&) = delete;
    BaseTransport& operator=(const BaseTransport&) = delete;

    /// Stops reading, sends the queued data, then closes. connection_lost is called later.
    virtual void close() noexcept = 0;
    [[nodiscard]] virtual bool is_closing() const noexcept = 0;

protected:
    ~BaseTransport() = default;
};

/// The reading side of a transport: Python's asyncio.ReadTransport.
class ReadTransport : public virtual BaseTransport {
public:
    /// Stops calling data_received until resume_reading is called; this slows down the peer.
    virtual void pause_reading() noexcept = 0;
    virtual void resume_reading() noexcept = 0;
    [[nodiscard]] virtual bool is_reading() const noexcept = 0;

protected:
    ~ReadTransport() = default;
};

/// The writing side of a transport: Python's asyncio.WriteTransport.
class WriteTransport : public virtual BaseTransport {
public:
    /// Sends `data`, or queues a copy of it. Never waits. Small writes in one turn of the loop are
    /// sent together. Ignored once the transport is closing; after five ignored calls this is
    /// reported. Throws RuntimeError after write_eof.
    virtual void write(std::string_view data) = 0;
    void write(std::span<const std::byte> data) {
        write(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
    }
    /// Writes every element of `range`, in order.
    template <class Range> void writelines(const Range& range) {
        for (const auto& data : range) {
            write(std::string_view(data));
        }
    }
    /// Shuts down the writing side once everything is sent; the peer then reads the end of the
    /// stream. Throws RuntimeError if the transport does not support this, as with TLS.
    virtual void write_eof() = 0;
    [[nodiscard]] virtual bool can_write_eof() const noexcept = 0;
    /// Closes without sending the queued data. connection_lost is called later.
    virtual void abort() noexcept = 0;

    /// Sets when pause_writing is called (more than `high` bytes queued) and when resume_writing is
    /// called (at most `low` bytes queued). The default for `high` is 64 KiB, or four times `low`
    /// if that is given; the default for `low` is a quarter of `high`. Throws ValueError if low >
    /// high.
    virtual void set_write_buffer_limits(std::optional<std::size_t> high = {},
                                         std::optional<std::size_t> low = {}) = 0;
    /// Returns (low, high), in Python's order.
    [[nodiscard]] virtual std::pair<std::size_t, std::size_t>
    get_write_buffer_limits() const noexcept = 0;
    [[nodiscard]] virtual std::size_t get_write_buffer_size() const noexcept = 0;

protected:
    ~WriteTransport() = default;
};

/// The connection that a Protocol uses: Python's asyncio.Transport. It lives as long as its
/// protocol; once the connection is closed, its functions do nothing. The transport of a pipe has
/// only one direction: writing to a read-only one throws RuntimeError, and a write-only one has
/// nothing to read.
class Transport : public ReadTransport, public WriteTransport {
public:
    /// Switches to another protocol, whose connection_made is not called.
    virtual void set_protocol(std::shared_ptr<Protocol> protocol) = 0;
    virtual void set_protocol(std::shared_ptr<BufferedProtocol> protocol) = 0;
    [[nodiscard]] virtual std::shared_ptr<BaseProtocol> get_protocol() const noexcept = 0;

    // In Python these come from get_extra_info.
    [[nodiscard]] virtual SocketAddress peername() const noexcept = 0;
    /// The local address; unknown once the connection is closed.
    [[nodiscard]] virtual SocketAddress sockname() const noexcept = 0;
    /// The socket, for setting options. Do not read from it, write to it or close it. It is not
    /// open once the connection is closed.
    [[nodiscard]] virtual Socket& socket() noexcept = 0;
    /// Information about the connection's TLS; false if it does not use TLS.
    [[nodiscard]] virtual SSLObject ssl_object() const { return {}; }

    /// Internal: the stream that sends bytes unchanged to the peer. nullptr if the transport
    /// changes them on the way, or if the loop is closed.
    [[nodiscard]] virtual engine::StreamTransport* plain_stream() noexcept { return nullptr; }

protected:
    ~Transport() = default;
};

} // namespace hocket
