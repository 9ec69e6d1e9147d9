#include "net/datagram_endpoint_state.hpp"

#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "loop/loop_network.hpp"
#include "loop/report.hpp"
#include "net/datagram_sockets.hpp"
#include "net/stream_state.hpp"

namespace hocket::detail {

DatagramEndpointState::DatagramEndpointState(EventLoop& loop, DatagramSocket socket,
                                             std::size_t limit)
    : loop_(loop),
      peer_(socket.destination),
      marks_(limit, limit / 2),
      received_(reactor_of(loop).write_blocks()) {
    transport_.emplace(reactor_of(loop), std::move(socket.socket), peer_, *this);
}

std::shared_ptr<DatagramEndpointState>
DatagramEndpointState::open(EventLoop& loop, DatagramSocket socket, std::size_t limit) {
    auto state = std::make_shared<DatagramEndpointState>(loop, std::move(socket), limit);
    state->enlist(loop.state().network, nullptr, state);
    state->transport_->start();
    return state;
}

void DatagramEndpointState::send(std::string_view data, const SocketAddress& to) {
    if (transport_) {
        send_datagram(loop_, *transport_, data, to);
    }
}

void DatagramEndpointState::close_connection() noexcept {
    if (transport_) {
        transport_->close();
    }
}

void DatagramEndpointState::abort_connection() noexcept {
    if (transport_) {
        transport_->abort();
    }
}

void DatagramEndpointState::drop() noexcept {
    transport_.reset();
    received_.clear();
    lost_ = true;
    const auto self = delist();
}

void DatagramEndpointState::on_datagram(std::string_view data, const SocketAddress& from) noexcept {
    try {
        received_.push(data, from);
    } catch (...) {
        report_exception(loop_.core(), "dropped a datagram: out of memory",
                         std::current_exception());
        return;
    }
    if (marks_.pause_at(received_.size())) {
        transport_->pause_reading();
    }
    offer_item();
}

void DatagramEndpointState::on_error(const engine::Failure& failure) noexcept {
    const bool is_new = !error_;
    error_ = failure;
    if (is_new) {
        offer_item();
    }
}

void DatagramEndpointState::on_resume_writing() noexcept {
    writing_paused_ = false;
    drain_waiters_.release_all(Waiter::State::served);
}

void DatagramEndpointState::on_closed(const engine::Failure* failure) noexcept {
    lost_ = true;
    if (failure != nullptr) {
        failure_ = make_system_error(*failure);
    }
    received_.clear();
    error_.reset();
    receivers_.release_all(Waiter::State::turned_away);
    drain_waiters_.release_all(Waiter::State::served);
    close_waiters_.release_all(Waiter::State::served);
    // This may be the last reference: do not touch this object after it is released.
    const auto self = delist();
}

void DatagramEndpointState::offer_item() noexcept {
    if (items() > granted_ && receivers_.has_waiting()) {
        receivers_.grant_first();
        ++granted_;
    }
}

void DatagramEndpointState::leave(Waiter& waiter) noexcept {
    if (waiter.state() == Waiter::State::granted) {
        receivers_.remove(waiter);
        --granted_;
    }
}

void DatagramEndpointState::require_datagram() {
    if (error_) {
        const engine::Failure error = *std::exchange(error_, std::nullopt);
        throw std::system_error(error.code, error.what);
    }
    if (!received_.empty()) {
        return;
    }
    if (failure_) {
        std::rethrow_exception(failure_);
    }
    throw EOFError("the datagram endpoint is closed");
}

Datagram DatagramEndpointState::take() {
    require_datagram();
    Datagram datagram{std::string(received_.front_data()), received_.front_address()};
    pop();
    return datagram;
}

DatagramSize DatagramEndpointState::take_into(std::span<std::byte> space) {
    require_datagram();
    const std::string_view data = received_.front_data();
    if (data.size() > space.size()) {
        offer_item(); // the next receiver can take it
        throw std::system_error(std::make_error_code(std::errc::message_size),
                                "recv_into: a datagram of " + std::to_string(data.size()) +
                                    " bytes from " + received_.front_address().text() +
                                    " does not fit into " + std::to_string(space.size()));
    }
    if (!data.empty()) {
        std::memcpy(space.data(), data.data(), data.size());
    }
    const DatagramSize taken{data.size(), received_.front_address()};
    pop();
    return taken;
}

void DatagramEndpointState::pop() noexcept {
    received_.pop();
    if (marks_.resume_at(received_.size()) && transport_) {
        transport_->resume_reading();
    }
}

} // namespace hocket::detail
