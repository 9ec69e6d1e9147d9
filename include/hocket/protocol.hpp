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

/// What both kinds of protocol are told. Callbacks run on the loop's thread and must not block.
/// What one throws goes to the loop's exception handler, and the transport is aborted (but for the
/// writing ones, which are only reported).
class BaseProtocol {
public:
    virtual ~BaseProtocol();

    /// The connection stands. `transport` lives at least as long as this protocol.
    virtual void connection_made(Transport& transport) { static_cast<void>(transport); }
    /// The connection is closed: the last call. `error` is why, or nullptr after close, abort or an
    /// end of file; a broken connection is a std::system_error.
    virtual void connection_lost(std::exception_ptr error) { static_cast<void>(error); }
    /// The transport has more queued than its high-water mark: write no more for now.
    virtual void pause_writing() {}
    /// The queue is down to the low-water mark.
    virtual void resume_writing() {}

protected:
    BaseProtocol() = default;

private:
    friend detail::SocketTransport;
    std::shared_ptr<Transport> transport_; // kept for those who store the reference
};

/// Gets a connection's bytes as they come: Python's asyncio.Protocol. Derive from it and hand it to
/// EventLoop::create_server, create_connection, connect_read_pipe or connect_write_pipe.
class Protocol : public BaseProtocol {
public:
    /// Some bytes came, any number; `data` is valid during the call only.
    virtual void data_received(std::string_view data) { static_cast<void>(data); }
    /// The peer will send no more. Return true to keep the transport open for writing.
    virtual bool eof_received() { return false; }
};

/// Gets a connection's bytes in buffers of its own: Python's asyncio.BufferedProtocol.
class BufferedProtocol : public BaseProtocol {
public:
    /// Where the next bytes go; at least one byte long (else RuntimeError, and the transport is
    /// aborted). `size_hint` is a good size.
    virtual std::span<std::byte> get_buffer(std::size_t size_hint) = 0;
    /// The first `count` bytes of that buffer came.
    virtual void buffer_updated(std::size_t count) = 0;
    /// As Protocol::eof_received.
    virtual bool eof_received() { return false; }
};

} // namespace hocket

#include <hocket/detail/net/protocol_factory.hpp>
