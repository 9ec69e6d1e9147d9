#include <hocket/datagram_endpoint.hpp>

#include <exception>
#include <utility>

#include <hocket/errors.hpp>

#include "loop/event_loop_state.hpp"
#include "net/datagram_endpoint_state.hpp"

namespace hocket {

namespace detail {

using StatePointer = std::shared_ptr<DatagramEndpointState>;

DatagramReceive::DatagramReceive(StatePointer endpoint) noexcept : endpoint_(std::move(endpoint)) {}

DatagramReceive::~DatagramReceive() = default;

bool DatagramReceive::await_ready() const noexcept { return endpoint_->has_item(); }

WaitQueue& DatagramReceive::receivers() noexcept { return endpoint_->receivers(); }

void DatagramReceive::finish() {
    if (!waiter_) {
        return;
    }
    endpoint_->leave(*waiter_);
    if (waiter_->task().take_cancellation()) {
        endpoint_->offer_item();
        waiter_->task().throw_cancelled();
    }
}

Datagram ReceiveDatagram::await_resume() {
    finish();
    return endpoint().take();
}

DatagramSize ReceiveDatagramInto::await_resume() {
    finish();
    return endpoint().take_into(space_);
}

WaitDatagramEndpoint::WaitDatagramEndpoint(StatePointer endpoint, For what) noexcept
    : endpoint_(std::move(endpoint)), what_(what) {}

WaitDatagramEndpoint::~WaitDatagramEndpoint() = default;

WaitDatagramEndpoint::operator Coro<void>() const {
    return await_in_coro<WaitDatagramEndpoint>(endpoint_, what_);
}

bool WaitDatagramEndpoint::await_ready() const noexcept {
    return endpoint_->is_lost() || (what_ == For::room && !endpoint_->is_writing_paused());
}

WaitQueue& WaitDatagramEndpoint::waiters() noexcept {
    return what_ == For::room ? endpoint_->drain_waiters() : endpoint_->close_waiters();
}

void WaitDatagramEndpoint::throw_if_broken() const {
    if (endpoint_->failure()) {
        std::rethrow_exception(endpoint_->failure());
    }
}

namespace {

DatagramEndpoint open_endpoint(DatagramSocket socket, std::size_t limit) {
    return DatagramEndpoint(
        DatagramEndpointState::open(*require_running_core().loop, std::move(socket), limit));
}

Coro<DatagramEndpoint> adopt_endpoint(Socket socket, std::size_t limit) {
    co_return open_endpoint(adopt_datagram_socket(std::move(socket)), limit);
}

AsyncGenerator<Datagram> receive_all(DatagramEndpoint endpoint) {
    for (;;) {
        Datagram datagram;
        try {
            datagram = co_await endpoint.recv();
        } catch (const EOFError&) {
            break;
        }
        co_yield std::move(datagram);
    }
}

} // namespace

} // namespace detail

// The pointer that the copies share closes the endpoint when the last copy is destroyed. The state
// itself lives as long as the loop or a task needs it.
DatagramEndpoint::DatagramEndpoint(std::shared_ptr<detail::DatagramEndpointState> state)
    : state_(state.get(), [state](detail::DatagramEndpointState*) { state->close_connection(); }) {}

AsyncGenerator<Datagram> DatagramEndpoint::datagrams() const { return detail::receive_all(*this); }

void DatagramEndpoint::send(std::string_view data, const SocketAddress& address) const {
    state_->send(data, address);
}

void DatagramEndpoint::close() const noexcept { state_->close_connection(); }

void DatagramEndpoint::abort() const noexcept { state_->abort_connection(); }

bool DatagramEndpoint::is_closing() const noexcept { return state_->is_closing(); }

SocketAddress DatagramEndpoint::peername() const noexcept { return state_->peer(); }

SocketAddress DatagramEndpoint::sockname() const noexcept {
    return state_->socket().local_address();
}

Socket& DatagramEndpoint::socket() const noexcept { return state_->socket(); }

Coro<DatagramEndpoint> open_datagram_endpoint(DatagramOptions options) {
    detail::DatagramSocket socket = co_await detail::open_datagram_socket(options);
    co_return detail::open_endpoint(std::move(socket), options.limit);
}

Coro<DatagramEndpoint> open_datagram_endpoint(Socket sock, DatagramOptions options) {
    return detail::adopt_endpoint(std::move(sock), options.limit);
}

} // namespace hocket
