#include "engine/stream_transport.hpp"

#include <cerrno>
#include <memory>
#include <utility>

#include <sys/socket.h>

#include "engine/last_error.hpp"

namespace hocket::engine {

namespace {

// How much one socket may read in a turn, so that others get theirs; asyncio's single recv has the
// same limit.
constexpr std::size_t read_budget = std::size_t{256} * 1024;

} // namespace

StreamTransport::StreamTransport(Reactor& reactor, Socket socket, const SocketAddress* peer,
                                 StreamHandler& handler) noexcept
    : reactor_(reactor),
      handler_(&handler),
      socket_(std::move(socket)),
      peer_(peer),
      queue_(reactor.write_blocks()) {}

StreamTransport::StreamTransport(Reactor& reactor, PipeChannel pipe, StreamHandler& handler)
    : StreamTransport(reactor, Socket(), nullptr, handler) {
    pipe_ = std::make_unique<PipeChannel>(std::move(pipe));
    eof_received_ = pipe_->is_for_writing(); // nothing can be received
}

StreamTransport::~StreamTransport() {
    if (direct_ != nullptr) {
        direct_->on_transport_ended(nullptr);
    }
    reactor_.cancel_turn_end(*this);
    reactor_.poller().remove(*this);
}

void StreamTransport::start() noexcept {
    started_ = true;
    update_interest();
}

void StreamTransport::resume_reading() noexcept {
    if (closing_ || !paused_) {
        return;
    }
    paused_ = false;
    update_interest();
}

void StreamTransport::on_ready(std::uint32_t events) noexcept {
    const Lifetime::Watch watch(lifetime_);
    const bool is_hung_up = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (is_hung_up && watches_readers()) {
        handle_readers_gone();
        return;
    }
    if (((events & EPOLLIN) != 0 || is_hung_up) && wants_data()) {
        read(watch);
        if (watch.ended()) {
            return;
        }
    } else if (!wants_data() || is_hung_up) {
        // Reading was paused without telling epoll, or the peer hung up while reading is paused;
        // epoll would report the same in every turn. A pending error is reported again after
        // resume_reading.
        update_interest();
    }
    if (socket_full_ && !ended_ && ((events & EPOLLOUT) != 0 || is_hung_up)) {
        flush();
    }
}

void StreamTransport::read(const Lifetime::Watch& watch) noexcept {
    reading_ = true;
    std::size_t budget = read_budget;
    while (read_once(budget, watch)) {
    }
    if (watch.ended()) {
        return;
    }
    reading_ = false;
    if (needs_flush()) {
        flush();
    }
}

// Calls recv once. Returns true if there may be more data and the turn's budget is not used up.
bool StreamTransport::read_once(std::size_t& budget, const Lifetime::Watch& watch) noexcept {
    const std::span<std::byte> theirs = handler_->get_buffer(reactor_.read_buffers().buffer_size());
    if (watch.ended() || !wants_data()) {
        return false;
    }
    std::optional<BufferPool::Loan> loan;
    const std::span<std::byte> into =
        theirs.empty() ? loan.emplace(reactor_.read_buffers()).bytes() : theirs;
    ssize_t received = 0;
    do {
        received =
            pipe_ ? pipe_->read(into) : ::recv(socket_.fileno(), into.data(), into.size(), 0);
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
        if (!would_block()) {
            fail_call(pipe_ ? "read from " : "recv from ", last_error());
        }
        return false;
    }
    if (received == 0) {
        receive_eof(watch);
        return false;
    }
    const auto count = static_cast<std::size_t>(received);
    owes_answer_ = true;
    if (loan) {
        handler_->on_data({reinterpret_cast<const char*>(into.data()), count});
    } else {
        handler_->on_buffer_filled(count);
    }
    // A short read has emptied the socket, so another one would only return EAGAIN.
    if (watch.ended() || count < into.size() || !wants_data() || count >= budget) {
        return false;
    }
    budget -= count;
    return true;
}

void StreamTransport::receive_eof(const Lifetime::Watch& watch) noexcept {
    eof_received_ = true;
    const bool keep_open = handler_->on_eof();
    if (watch.ended()) {
        return;
    }
    if (!keep_open || pipe_) {
        close();
    } else {
        update_interest();
    }
}

// As in asyncio, a closed reader is an error only if data is still queued for it.
void StreamTransport::handle_readers_gone() noexcept {
    if (queue_.empty()) {
        end(std::nullopt);
    } else {
        fail_call("write to ", std::make_error_code(std::errc::broken_pipe));
    }
}

void StreamTransport::end_input_when_answered() noexcept {
    input_ends_ = !closing_ && !eof_received_;
    end_input_if_answered();
}

void StreamTransport::end_input_if_answered() noexcept {
    if (input_ends_ && !owes_answer_) {
        input_ends_ = false;
        socket_.shutdown_read(); // the kernel delivers what has arrived, then the end
    }
}

void StreamTransport::close() noexcept {
    if (closing_) {
        return;
    }
    closing_ = true;
    if (queue_.empty() && direct_ == nullptr) {
        end(std::nullopt);
    } else if (socket_full_) {
        update_interest();
    }
}

void StreamTransport::end(std::optional<Failure> failure) noexcept {
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
    reactor_.at_turn_end(*this);
    if (DirectSend* const direct = std::exchange(direct_, nullptr)) {
        direct->on_transport_ended(failure_.get());
    }
}

void StreamTransport::on_turn_end() noexcept {
    if (ended_) {
        notify_closed();
    } else if (always_ready_ && wants_data()) {
        const Lifetime::Watch watch(lifetime_);
        read(watch);
        if (!watch.ended()) {
            update_interest();
        }
    } else if (needs_flush()) {
        flush();
    }
}

void StreamTransport::notify_closed() noexcept {
    closed_ = true;
    // The call may destroy the transport. The socket stays open until it returns, so that its
    // number is not reused while the handler still refers to it.
    const Socket socket = std::move(socket_);
    const std::unique_ptr<PipeChannel> pipe = std::move(pipe_);
    const std::unique_ptr<Failure> failure = std::move(failure_);
    handler_->on_closed(failure.get());
}

void StreamTransport::update_interest() noexcept {
    if (ended_ || !started_) {
        return;
    }
    if (always_ready_) {
        if (wants_data()) {
            reactor_.at_turn_end(*this);
        }
        return;
    }
    const std::uint32_t interest = (wants_data() ? readable : 0U) | (socket_full_ ? writable : 0U);
    if (interest == 0 && !watches_readers()) {
        // Even with interest 0, epoll would report a hang-up in every turn.
        reactor_.poller().remove(*this);
        return;
    }
    const auto error = is_watching() ? reactor_.poller().change(*this, interest)
                                     : reactor_.poller().add(*this, fileno(), interest);
    if (error == std::errc::operation_not_permitted && pipe_) {
        always_ready_ = true;
        if (std::exchange(socket_full_, false)) {
            reactor_.at_turn_end(*this);
        }
        update_interest();
    } else if (error) {
        fail_call("epoll_ctl for ", error);
    }
}

void StreamTransport::fail_call(const char* call, std::error_code error) noexcept {
    end(Failure{error, call + peer_text()});
}

std::string StreamTransport::peer_text() const {
    return pipe_ ? pipe_->name() : peer_ != nullptr ? peer_->text() : SocketAddress().text();
}

} // namespace hocket::engine
