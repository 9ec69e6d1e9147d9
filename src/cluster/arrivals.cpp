#include "cluster/arrivals.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "engine/last_error.hpp"
#include "engine/pool/hello.hpp"

namespace hocket::detail {

namespace {

constexpr engine::Nanoseconds time_for_hello = 30'000'000'000;
constexpr std::size_t most_arrivals = 1024;
constexpr int backlog = 128;

} // namespace

void Arrivals::listen(const engine::SocketAddress& address) {
    std::error_code error;
    engine::Socket socket = engine::Socket::create(address.family(), SOCK_STREAM, 0, error);
    if (!error) {
        socket.set_reuse_address(true);
        error = socket.bind(address);
    }
    if (!error) {
        listener_ = std::make_unique<engine::Listener>(reactor_, std::move(socket), *this);
        error = listener_->start(backlog);
    }
    if (error) {
        listener_.reset();
        throw std::system_error(error, "cannot listen at " + address.text());
    }
}

void Arrivals::stop() noexcept {
    listener_.reset();
    arrivals_.clear();
}

void Arrivals::on_accept(engine::Socket socket, const engine::SocketAddress&) noexcept {
    if (arrivals_.size() < most_arrivals) {
        arrivals_.push_back(std::make_unique<Arrival>(*this, std::move(socket)));
    }
}

void Arrivals::forget(Arrival& arrival) noexcept {
    std::erase_if(arrivals_, [&](const auto& each) { return each.get() == &arrival; });
}

void Arrivals::introduce(Arrival& arrival, const engine::Frame& frame) {
    const auto hello = engine::Hello::decode(frame.body());
    const std::string received = std::move(arrival.received_);
    reactor_.poller().remove(arrival);
    engine::FileDescriptor socket(arrival.socket_.release());
    forget(arrival);
    if (hello) {
        sink_.on_arrival(hello->token, std::move(socket), received);
    }
}

Arrivals::Arrival::Arrival(Arrivals& owner, engine::Socket socket)
    : owner_(owner),
      socket_(std::move(socket)),
      reader_(engine::FrameSender::worker, engine::longest_greeting) {
    owner.reactor_.timers().arm(*this, engine::Reactor::now() + time_for_hello);
    static_cast<void>(owner.reactor_.poller().add(*this, socket_.fileno(), readable));
}

Arrivals::Arrival::~Arrival() {
    owner_.reactor_.poller().remove(*this);
    if (is_armed()) {
        owner_.reactor_.timers().cancel(*this);
    }
}

void Arrivals::Arrival::on_ready(std::uint32_t) noexcept {
    const std::span<char> space = reader_.space();
    const ssize_t count = ::recv(socket_.fileno(), space.data(), space.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || engine::would_block())) {
        return;
    }
    if (count > 0) {
        received_.append(space.data(), static_cast<std::size_t>(count));
    }
    if (count <= 0 || !reader_.filled(static_cast<std::size_t>(count))) {
        owner_.forget(*this);
        return;
    }
    if (const auto frame = reader_.next()) {
        owner_.introduce(*this, *frame);
    }
}

} // namespace hocket::detail
