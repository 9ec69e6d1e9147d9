#include "engine/datagram_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <sys/socket.h>

#include "engine/datagram_batch.hpp"
#include "engine/error_queue.hpp"

namespace hocket::engine {

namespace {

// Only Unix sockets can have datagrams larger than an IP packet. asyncio has the same limit.
constexpr std::size_t largest_over_ip = std::size_t{64} * 1024;
constexpr std::size_t largest = std::size_t{256} * 1024;

bool is_full(std::error_code error) noexcept {
    return error.value() == EAGAIN || error.value() == EWOULDBLOCK || error.value() == ENOBUFS;
}

} // namespace

DatagramTransport::DatagramTransport(Reactor& reactor, Socket socket,
                                     const SocketAddress& destination, DatagramHandler& handler)
    : reactor_(reactor),
      handler_(handler),
      socket_(std::move(socket)),
      destination_(destination),
      is_ip_(socket_.local_address().is_ip()),
      is_connected_(socket_.peer_address().is_known()),
      queue_(reactor.write_blocks()) {
    static_cast<void>(reactor_.datagrams()); // allocated now, so that no allocation fails later
}

DatagramTransport::~DatagramTransport() {
    reactor_.cancel_turn_end(*this);
    reactor_.poller().remove(*this);
    if (is_armed()) {
        reactor_.timers().cancel(*this);
    }
}

void DatagramTransport::start() noexcept {
    started_ = true;
    update_interest();
}

void DatagramTransport::resume_reading() noexcept {
    if (closing_ || !paused_) {
        return;
    }
    paused_ = false;
    update_interest();
}

bool DatagramTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                                std::optional<std::size_t> low) noexcept {
    if (!marks_.set(high, low)) {
        return false;
    }
    pause_writer_above_high_water();
    return true;
}

void DatagramTransport::on_ready(std::uint32_t events) noexcept {
    const Lifetime::Watch watch(lifetime_);
    const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if ((events & EPOLLERR) != 0 && is_reading()) {
        report_queued_errors(watch);
        if (watch.ended()) {
            return;
        }
    }
    if (((events & EPOLLIN) != 0 || is_broken) && is_reading()) {
        receive();
        if (watch.ended()) {
            return;
        }
    } else if (!is_reading()) {
        // Reading was paused without telling epoll, which would now report the socket in every
        // turn.
        update_interest();
    }
    if (socket_full_ && !is_armed() && !ended_ && ((events & EPOLLOUT) != 0 || is_broken)) {
        flush();
    }
}

// With IP_RECVERR set, every refused datagram is reported with its address, even if the socket is
// not connected.
void DatagramTransport::report_queued_errors(const Lifetime::Watch& watch) noexcept {
    while (const auto error = take_queued_error(socket_.fileno())) {
        if (error->code) {
            handler_.on_error({error->code, "sendto " + error->to.text()});
            if (watch.ended() || ended_) {
                return;
            }
        }
    }
}

void DatagramTransport::receive() noexcept {
    const Lifetime::Watch watch(lifetime_);
    const DatagramBatch::Received received =
        reactor_.datagrams().receive(socket_.fileno(), is_ip_ ? largest_over_ip : largest);
    busy_ = true;
    if (received.error) {
        handler_.on_error({received.error, is_connected_
                                               ? "recv from " + destination_.text()
                                               : "recv on " + socket_.local_address().text()});
    } else {
        deliver(received.count, watch);
    }
    if (watch.ended()) {
        return;
    }
    busy_ = false;
    if (!queue_.empty() && !socket_full_) {
        flush();
    }
}

void DatagramTransport::deliver(std::size_t count, const Lifetime::Watch& watch) noexcept {
    const DatagramBatch& batch = reactor_.datagrams();
    for (std::size_t i = 0; i < count && !closing_; ++i) {
        const SocketAddress& from = batch.address(i);
        if (batch.is_truncated(i)) {
            handler_.on_error({std::make_error_code(std::errc::message_size),
                               "receive a datagram of " + std::to_string(batch.full_size(i)) +
                                   " bytes from " + from.text() + ", at most " +
                                   std::to_string(batch.data(i).size()) + " are allowed"});
        } else {
            handler_.on_datagram(batch.data(i), from);
        }
        if (watch.ended()) {
            return;
        }
    }
}

bool DatagramTransport::send(std::string_view data, const SocketAddress& to) {
    if (closing_) {
        ++ignored_sends_;
        return false;
    }
    queue_.push(data, is_connected_ || to.is_known() ? to : destination_);
    if (socket_full_ || busy_) {
        // EPOLLOUT, the timer, or the receive() or flush() in progress will send it.
    } else if (queue_.size() > marks_.high()) {
        const Lifetime::Watch watch(lifetime_);
        flush();
        if (watch.ended()) {
            return true;
        }
    } else {
        reactor_.at_turn_end(*this);
    }
    if (!ended_) {
        pause_writer_above_high_water();
    }
    return true;
}

void DatagramTransport::flush() noexcept {
    const Lifetime::Watch watch(lifetime_);
    busy_ = true;
    send_queued(watch);
    if (watch.ended()) {
        return;
    }
    busy_ = false;
    if (!ended_) {
        settle_after_flush(watch);
    }
}

// Sends only what is queued now: a handler that answers each error with another datagram must not
// block the loop.
void DatagramTransport::send_queued(const Lifetime::Watch& watch) noexcept {
    const bool was_full = std::exchange(socket_full_, false);
    bool has_progressed = false;
    for (std::size_t left = queue_.count(); left > 0;) {
        const DatagramQueue::Sent sent = queue_.send(socket_.fileno());
        left -= std::min(left, sent.count);
        if (is_full(sent.error)) {
            socket_full_ = true;
            if (was_full && !has_progressed) {
                reactor_.timers().arm(*this, Reactor::now() + retry_delay);
            }
            break;
        }
        has_progressed = true;
        if (sent.error) {
            --left;
            report_unsent(sent.error);
            if (watch.ended() || ended_) {
                return;
            }
        }
    }
    if (!queue_.empty() && !socket_full_) {
        reactor_.at_turn_end(*this);
    }
    update_interest();
}

void DatagramTransport::report_unsent(std::error_code error) noexcept {
    const SocketAddress to = is_connected_ ? destination_ : queue_.front_address();
    // Over IP, ECONNREFUSED refers to a datagram that was sent before; this one was not tried.
    if (!is_ip_ || error != std::errc::connection_refused) {
        queue_.pop();
    }
    handler_.on_error({error, "send to " + to.text()});
}

void DatagramTransport::settle_after_flush(const Lifetime::Watch& watch) noexcept {
    if (marks_.resume_at(queue_.size())) {
        handler_.on_resume_writing(); // may send more
        if (watch.ended() || ended_) {
            return;
        }
    }
    if (queue_.empty() && closing_) {
        end(std::nullopt);
    }
}

void DatagramTransport::pause_writer_above_high_water() noexcept {
    if (marks_.pause_at(queue_.size())) {
        handler_.on_pause_writing();
    }
}

void DatagramTransport::close() noexcept {
    if (closing_) {
        return;
    }
    closing_ = true;
    if (queue_.empty()) {
        end(std::nullopt);
    } else {
        update_interest();
    }
}

void DatagramTransport::end(std::optional<Failure> failure) noexcept {
    if (ended_) {
        return;
    }
    ended_ = closing_ = true;
    if (failure) {
        failure_ = std::make_unique<Failure>(*std::move(failure));
    }
    socket_full_ = false;
    queue_.clear();
    reactor_.poller().remove(*this);
    if (is_armed()) {
        reactor_.timers().cancel(*this);
    }
    reactor_.at_turn_end(*this);
}

void DatagramTransport::on_turn_end() noexcept {
    if (ended_) {
        notify_closed();
    } else if (!queue_.empty() && !socket_full_) {
        flush();
    }
}

void DatagramTransport::expire() noexcept { flush(); }

void DatagramTransport::notify_closed() noexcept {
    // The call may destroy the transport. The socket stays open until it returns, so that its
    // number is not reused while the handler still refers to it.
    const Socket socket = std::move(socket_);
    const std::unique_ptr<Failure> failure = std::move(failure_);
    handler_.on_closed(failure.get());
}

void DatagramTransport::update_interest() noexcept {
    if (ended_ || !started_) {
        return;
    }
    // While the timer is armed, epoll would report the socket as writable although it is not.
    const bool awaits_room = socket_full_ && !is_armed();
    const std::uint32_t interest = (is_reading() ? readable : 0U) | (awaits_room ? writable : 0U);
    if (interest == 0) {
        // Even with interest 0, epoll would report an error in every turn.
        reactor_.poller().remove(*this);
        return;
    }
    const auto error = is_watching() ? reactor_.poller().change(*this, interest)
                                     : reactor_.poller().add(*this, socket_.fileno(), interest);
    if (error) {
        end(Failure{error, "epoll_ctl for " + socket_.local_address().text()});
    }
}

} // namespace hocket::engine
