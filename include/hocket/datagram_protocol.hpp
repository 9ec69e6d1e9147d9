#pragma once

#include <exception>
#include <memory>
#include <string_view>
#include <system_error>

#include <hocket/datagram_transport.hpp>

namespace hocket {

namespace detail {
class DatagramSocketTransport;
}

/// Receives datagrams through callbacks: Python's asyncio.DatagramProtocol. Derive from it and pass
/// it to EventLoop::create_datagram_endpoint. Callbacks run on the loop's thread and must not
/// block. An exception from a callback goes to the loop's exception handler, and the transport
/// stays open.
class DatagramProtocol {
public:
    virtual ~DatagramProtocol();

    /// Called first, when the socket is open. `transport` lives at least as long as this protocol.
    virtual void connection_made(DatagramTransport& transport) { static_cast<void>(transport); }
    /// Called for each datagram. `data` and `addr` are valid only during the call.
    virtual void datagram_received(std::string_view data, const SocketAddress& addr) {
        static_cast<void>(data);
        static_cast<void>(addr);
    }
    /// Called when an earlier datagram was refused by its receiver or could not be sent, or when an
    /// incoming datagram was too long to receive (more than 64 KiB, or 256 KiB from a Unix socket),
    /// which asyncio would truncate. The transport stays open, so most protocols can ignore this.
    /// May be called from within sendto.
    virtual void error_received(const std::system_error& error) { static_cast<void>(error); }
    /// Called last, when the transport is closed. `error` is the reason, or nullptr after close()
    /// or abort().
    virtual void connection_lost(std::exception_ptr error) { static_cast<void>(error); }
    /// Called when the transport's queue exceeds its high-water mark: stop sending for now.
    virtual void pause_writing() {}
    /// Called when the queue is back at or below the low-water mark.
    virtual void resume_writing() {}

protected:
    DatagramProtocol() = default;

private:
    friend detail::DatagramSocketTransport;
    std::shared_ptr<DatagramTransport> transport_; // keeps references to the transport valid
};

} // namespace hocket

#include <hocket/detail/net/datagram_factory.hpp>
