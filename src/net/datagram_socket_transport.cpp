#include "net/datagram_socket_transport.hpp"

#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/loop_network.hpp"
#include "loop/report.hpp"
#include "net/datagram_sockets.hpp"
#include "net/stream_state.hpp"
#include "net/write_limits.hpp"

namespace hocket {

DatagramProtocol::~DatagramProtocol() = default;

namespace detail {

DatagramSocketTransport::DatagramSocketTransport(EventLoop& loop, DatagramSocket socket,
                                                 std::shared_ptr<DatagramProtocol> protocol)
    : loop_(loop), peer_(socket.destination), protocol_(std::move(protocol)) {
    datagrams_.emplace(reactor_of(loop), std::move(socket.socket), peer_, *this);
}

std::shared_ptr<DatagramSocketTransport>
DatagramSocketTransport::open(EventLoop& loop, DatagramSocket socket,
                              std::shared_ptr<DatagramProtocol> protocol) {
    if (!protocol) {
        throw ValueError("the protocol factory returned no protocol");
    }
    auto transport =
        std::make_shared<DatagramSocketTransport>(loop, std::move(socket), std::move(protocol));
    transport->protocol_->transport_ = transport;
    transport->enlist(loop.state().network, nullptr, transport);
    transport->guard("connection_made", [&] { transport->protocol_->connection_made(*transport); });
    // Start even if the protocol has already closed the transport: the datagrams it sent must still
    // go out.
    transport->datagrams_->start();
    return transport;
}

template <class Call> void DatagramSocketTransport::guard(const char* what, Call call) noexcept {
    try {
        call();
    } catch (...) {
        report_exception(loop_.core(), std::string("exception in a protocol's ") + what,
                         std::current_exception());
    }
}

void DatagramSocketTransport::sendto(std::string_view data, const SocketAddress& addr) {
    if (datagrams_) {
        send_datagram(loop_, *datagrams_, data, addr);
    }
}

void DatagramSocketTransport::close() noexcept {
    if (datagrams_) {
        datagrams_->close();
    }
}

void DatagramSocketTransport::abort() noexcept {
    if (datagrams_) {
        datagrams_->abort();
    }
}

bool DatagramSocketTransport::is_closing() const noexcept {
    return !datagrams_ || datagrams_->is_closing();
}

void DatagramSocketTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                                      std::optional<std::size_t> low) {
    if (datagrams_) {
        set_write_limits(*datagrams_, high, low);
    }
}

std::pair<std::size_t, std::size_t>
DatagramSocketTransport::get_write_buffer_limits() const noexcept {
    return datagrams_ ? std::pair(datagrams_->low_water(), datagrams_->high_water())
                      : std::pair<std::size_t, std::size_t>(0, 0);
}

std::size_t DatagramSocketTransport::get_write_buffer_size() const noexcept {
    return datagrams_ ? datagrams_->write_buffer_size() : 0;
}

SocketAddress DatagramSocketTransport::peername() const noexcept { return peer_; }

SocketAddress DatagramSocketTransport::sockname() const noexcept {
    return socket().local_address();
}

Socket& DatagramSocketTransport::socket() const noexcept {
    return datagrams_ ? datagrams_->socket() : none_;
}

void DatagramSocketTransport::on_datagram(std::string_view data,
                                          const SocketAddress& from) noexcept {
    guard("datagram_received", [&] { protocol_->datagram_received(data, from); });
}

void DatagramSocketTransport::on_error(const engine::Failure& failure) noexcept {
    guard("error_received",
          [&] { protocol_->error_received(std::system_error(failure.code, failure.what)); });
}

void DatagramSocketTransport::on_pause_writing() noexcept {
    guard("pause_writing", [&] { protocol_->pause_writing(); });
}

void DatagramSocketTransport::on_resume_writing() noexcept {
    guard("resume_writing", [&] { protocol_->resume_writing(); });
}

void DatagramSocketTransport::on_closed(const engine::Failure* failure) noexcept {
    const std::exception_ptr error = failure != nullptr ? make_system_error(*failure) : nullptr;
    // These may be the last references: do not touch this object after they are released.
    const auto self = delist();
    const auto last = std::move(protocol_);
    guard("connection_lost", [&] { last->connection_lost(error); });
}

void DatagramSocketTransport::drop() noexcept {
    datagrams_.reset();
    const auto self = delist();
    const auto last = std::move(protocol_);
}

std::shared_ptr<DatagramTransport>
attach_datagram_protocol(DatagramSocket socket, std::shared_ptr<DatagramProtocol> protocol) {
    return DatagramSocketTransport::open(*require_running_core().loop, std::move(socket),
                                         std::move(protocol));
}

} // namespace detail
} // namespace hocket
