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

/// What all transports have. They belong to the loop's thread.
class BaseTransport {
public:
    BaseTransport() = default;
    BaseTransport(const BaseTransport&) = delete;
    BaseTransport& operator=(const BaseTransport&) = delete;

    /// Stops reading, sends what is queued, then closes; connection_lost comes later.
    virtual void close() noexcept = 0;
    [[nodiscard]] virtual bool is_closing() const noexcept = 0;

protected:
    ~BaseTransport() = default;
};

/// The side of a transport that bytes come from: Python's asyncio.ReadTransport.
class ReadTransport : public virtual BaseTransport {
public:
    /// No data_received from here on until resume_reading: the peer is slowed down.
    virtual void pause_reading() noexcept = 0;
    virtual void resume_reading() noexcept = 0;
    [[nodiscard]] virtual bool is_reading() const noexcept = 0;

protected:
    ~ReadTransport() = default;
};

/// The side of a transport that bytes go to: Python's asyncio.WriteTransport.
class WriteTransport : public virtual BaseTransport {
public:
    /// Sends `data`, or queues a copy: never waits. Small writes of one turn leave together.
    /// Ignored once the transport is closing (reported after five such calls). Throws RuntimeError
    /// after write_eof.
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
    /// Shuts down the writing side once everything is sent; the peer reads an end of file. Throws
    /// RuntimeError where that cannot be, as with TLS.
    virtual void write_eof() = 0;
    [[nodiscard]] virtual bool can_write_eof() const noexcept = 0;
    /// Closes without sending what is queued; connection_lost comes later.
    virtual void abort() noexcept = 0;

    /// When pause_writing (more than `high` bytes queued) and resume_writing (at most `low`) are
    /// called. Unset values: high 64 KiB, or four times `low`; low a quarter of `high`. Throws
    /// ValueError when low > high.
    virtual void set_write_buffer_limits(std::optional<std::size_t> high = {},
                                         std::optional<std::size_t> low = {}) = 0;
    /// (low, high), in Python's order.
    [[nodiscard]] virtual std::pair<std::size_t, std::size_t>
    get_write_buffer_limits() const noexcept = 0;
    [[nodiscard]] virtual std::size_t get_write_buffer_size() const noexcept = 0;

protected:
    ~WriteTransport() = default;
};

/// A connection as a Protocol sees it: Python's asyncio.Transport. It lives as long as its protocol
/// does; once the connection is closed, its functions do nothing. A pipe's has one side only: the
/// other one cannot be written to (RuntimeError), or has nothing to read.
class Transport : public ReadTransport, public WriteTransport {
public:
    /// Switches to another protocol, which is not told connection_made.
    virtual void set_protocol(std::shared_ptr<Protocol> protocol) = 0;
    virtual void set_protocol(std::shared_ptr<BufferedProtocol> protocol) = 0;
    [[nodiscard]] virtual std::shared_ptr<BaseProtocol> get_protocol() const noexcept = 0;

    // Python's get_extra_info.
    [[nodiscard]] virtual SocketAddress peername() const noexcept = 0;
    /// This end's address; unknown once the connection is closed.
    [[nodiscard]] virtual SocketAddress sockname() const noexcept = 0;
    /// To set options on; not to read from, write to or close. Not open once the connection is
    /// closed.
    [[nodiscard]] virtual Socket& socket() noexcept = 0;
    /// What there is to know about its TLS; false when it speaks none.
    [[nodiscard]] virtual SSLObject ssl_object() const { return {}; }

    /// For hocket's own parts: what takes bytes as they are to the peer. nullptr where they are
    /// changed on their way, or the loop is closed.
    [[nodiscard]] virtual engine::StreamTransport* plain_stream() noexcept { return nullptr; }

protected:
    ~Transport() = default;
};

} // namespace hocket
