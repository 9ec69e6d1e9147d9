#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/transport.hpp>

namespace hocket {

namespace detail {
class SocketTransport;
}

/// The callbacks that both kinds of protocol share. They run on the loop's thread and must not
/// block. An exception from a callback goes to the loop's exception handler and aborts the
/// transport; exceptions from pause_writing and resume_writing are only reported.
class BaseProtocol {
public:
    virtual ~BaseProtocol();

    /// Called first, when the connection is established. `transport` lives at least as long as this
    /// protocol.
    virtual void connection_made(Transport& transport) { static_cast<void>(transport); }
    /// Called last, when the connection is closed. `error` is the reason (std::system_error for a
    /// broken connection), or nullptr after close(), abort() or the end of the stream.
    virtual void connection_lost(std::exception_ptr error) { static_cast<void>(error); }
    /// Called when the transport's queue exceeds its high-water mark: stop writing for now.
    virtual void pause_writing() {}
    /// Called when the queue is back at or below the low-water mark.
    virtual void resume_writing() {}

protected:
    BaseProtocol() = default;

private:
    friend detail::SocketTransport;
    std::shared_ptr<Transport> transport_; // keeps references to the transport valid
};

/// Receives a connection's data as it arrives: Python's asyncio.Protocol. Derive from it and pass
/// it to EventLoop::create_server, create_connection, connect_read_pipe or connect_write_pipe.
class Protocol : public BaseProtocol {
public:
    /// Called when data arrives, in pieces of any size. `data` is valid only during the call.
    virtual void data_received(std::string_view data) { static_cast<void>(data); }
    /// Called when the peer will send no more data. Return true to keep the transport open for
    /// writing.
    virtual bool eof_received() { return false; }
};

/// Receives a connection's data in its own buffers: Python's asyncio.BufferedProtocol.
class BufferedProtocol : public BaseProtocol {
public:
    /// Returns the buffer for the next data. It must hold at least one byte; an empty buffer is
    /// reported as RuntimeError and aborts the transport. `size_hint` is a good size.
    virtual std::span<std::byte> get_buffer(std::size_t size_hint) = 0;
    /// Called after `count` bytes were stored at the start of that buffer.
    virtual void buffer_updated(std::size_t count) = 0;
    /// See Protocol::eof_received.
    virtual bool eof_received() { return false; }
};

} // namespace hocket

#include <hocket/detail/net/protocol_factory.hpp>
