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

/// Gets datagrams as they come: Python's asyncio.DatagramProtocol. Derive from it and hand it to
/// EventLoop::create_datagram_endpoint. Callbacks run on the loop's thread and must not block. What
/// one throws goes to the loop's exception handler; the transport goes on.
class DatagramProtocol {
public:
    virtual ~DatagramProtocol();

    /// The socket is open. `transport` lives at least as long as this protocol.
    virtual void connection_made(DatagramTransport& transport) { static_cast<void>(transport); }
    /// A datagram came; `data` and `addr` are valid during the call only.
    virtual void datagram_received(std::string_view data, const SocketAddress& addr) {
        static_cast<void>(data);
        static_cast<void>(addr);
    }
    /// Something that was sent before was refused by its receiver, or could not be sent; or what
    /// came was too long to be received (more than 64 KiB, 256 KiB from a Unix socket), which
    /// asyncio would cut. Seldom of use: the transport goes on. May be called by sendto.
    virtual void error_received(const std::system_error& error) { static_cast<void>(error); }
    /// The transport is closed: the last call. `error` is why, or nullptr after close or abort.
    virtual void connection_lost(std::exception_ptr error) { static_cast<void>(error); }
    /// The transport has more queued than its high-water mark: send no more for now.
    virtual void pause_writing() {}
    /// The queue is down to the low-water mark.
    virtual void resume_writing() {}

protected:
    DatagramProtocol() = default;

private:
    friend detail::DatagramSocketTransport;
    std::shared_ptr<DatagramTransport> transport_; // kept for those who store the reference
};

} // namespace hocket

#include <hocket/detail/net/datagram_factory.hpp>
