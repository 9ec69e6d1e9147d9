#include "engine/stream_transport.hpp"

#include <cerrno>
#include <memory>
#include <utility>

#include <sys/socket.h>

namespace hocket::engine {

namespace {

constexpr std::size_t default_high_water = std::size_t{64} * 1024;
// A write of this size goes out alone: copying it would cost more than the system call it might
// save.
constexpr std::size_t direct_write_size = 4096;
// So much queued in one turn is worth a write before the turn ends.
constexpr std::size_t early_flush_size = std::size_t{32} * 1024;
// What one socket may read in a turn while others wait; asyncio's single recv takes as much.
constexpr std::size_t read_budget = std::size_t{256} * 1024;

} // namespace

StreamTransport::StreamTransport(Reactor& reactor, Socket socket, const SocketAddress* peer,
                                 StreamHandler& handler) noexcept
    : reactor_(reactor),
      handler_(&handler),
      socket_(std::move(socket)),
      high_water_(default_high_water),
      low_water_(default_high_water / 4),
      peer_(peer),
      queue_(reactor.write_blocks()) {}

StreamTransport::StreamTransport(Reactor& reactor, PipeChannel pipe, StreamHandler& handler)
    : StreamTransport(reactor, Socket(), nullptr, handler) {
    pipe_ = std::make_unique<PipeChannel>(std::move(pipe));
    eof_received_ = pipe_->is_for_writing(); // nothing will come
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

bool StreamTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                              std::optional<std::size_t> low) noexcept {
    const std::size_t new_high = high ? *high : low ? 4 * *low : default_high_water;
    const std::size_t new_low = low ? *low : new_high / 4;
    if (new_low > new_high) {
        return false;
    }
    high_water_ = new_high;
    low_water_ = new_low;
    pause_writer_above_high_water();
    return true;
}

void StreamTransport::on_ready(std::uint32_t events) noexcept {
    const Lifetime::Watch watch(lifetime_);
    const bool is_hung_up = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (is_hung_up && watches_readers()) {
        lose_readers();
        return;
    }
    if (((events & EPOLLIN) != 0 || is_hung_up) && wants_data()) {
        read();
        if (watch.ended()) {
            return;
        }
    } else if (!wants_data() || is_hung_up) {
        // Paused without telling epoll so far, or hung up while nobody reads: epoll would report
        // the same in every turn. An error still to be read comes back with resume_reading.
        update_interest();
    }
    if (socket_full_ && !ended_ && ((events & EPOLLOUT) != 0 || is_hung_up)) {
        flush();
    }
}

void StreamTransport::read() noexcept {
    const Lifetime::Watch watch(lifetime_);
    reading_ = true;
    std::size_t budget = read_budget;
    while (read_once(budget, watch)) {
    }
    if (watch.ended()) {
        return;
    }
    reading_ = false;
    if (!queue_.empty() && !socket_full_) {
        flush();
    }
}

// One recv. True when there may be more and the turn's budget is not used up.
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
        received = pipe_ ? pipe_->read(into) : ::recv(socket_.fd(), into.data(), into.size(), 0);
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            fail_call(pipe_ ? "read from " : "recv from ", {errno, std::system_category()});
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
    // A short read has emptied the socket: asking again would only say EAGAIN.
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

bool StreamTransport::write(std::string_view data) {
    if (closing_) {
        ++ignored_writes_;
        return false;
    }
    put(data);
    tell_writer();
    return true;
}

void StreamTransport::put(std::string_view data, bool more, bool now) {
    if (closing_ || data.empty()) {
        return;
    }
    owes_answer_ = false;
    if (input_ends_) [[unlikely]] {
        end_input_if_answered();
    }
    if (!socket_full_ && !more && (now || data.size() >= direct_write_size)) {
        data.remove_prefix(send(data));
        if (ended_ || data.empty()) {
            return;
        }
    }
    queue_.append(data);
    if (socket_full_) {
        // EPOLLOUT will come.
    } else if (queue_.size() >= early_flush_size || queue_.size() > high_water_) {
        send({});
    } else if (!reading_) {
        reactor_.at_turn_end(*this);
    }
}

void StreamTransport::tell_writer() noexcept {
    if (!ended_) {
        pause_writer_above_high_water();
    }
}

void StreamTransport::flush_now() noexcept {
    if (!ended_ && !queue_.empty() && !socket_full_) {
        reactor_.cancel_turn_end(*this);
        flush();
    }
}

// Sends what it can of the queue and `tail`; returns how much of the tail. Calls nobody.
std::size_t StreamTransport::send(std::string_view tail) noexcept {
    const WriteQueue::Sent sent =
        pipe_ ? queue_.send(*pipe_, tail) : queue_.send(socket_.fd(), tail);
    if (sent.error) {
        fail_call(pipe_ ? "write to " : "send to ", sent.error);
        return tail.size();
    }
    const bool is_full = !queue_.empty() || sent.of_tail < tail.size();
    if (always_ready_) {
        if (is_full) {
            reactor_.at_turn_end(*this);
        }
        return sent.of_tail;
    }
    wait_until_writable(is_full || direct_ != nullptr);
    return sent.of_tail;
}

// As asyncio has it: whoever has nothing to say to a closed reader is told of no failure.
void StreamTransport::lose_readers() noexcept {
    if (queue_.empty()) {
        end(std::nullopt);
    } else {
        fail_call("write to ", std::make_error_code(std::errc::broken_pipe));
    }
}

void StreamTransport::wait_until_writable(bool wanted) noexcept {
    if (std::exchange(socket_full_, wanted) != wanted) {
        update_interest();
    }
}

void StreamTransport::flush() noexcept {
    if (direct_ != nullptr && queue_.empty()) {
        send_directly();
        return;
    }
    send({});
    if (!ended_) {
        settle_after_flush();
    }
}

void StreamTransport::start_direct_send(DirectSend& direct) noexcept {
    direct_ = &direct;
    wait_until_writable(true);
}

void StreamTransport::cancel_direct_send() noexcept {
    direct_ = nullptr; // flush, which will come, finds what there is to do
}

void StreamTransport::send_directly() noexcept {
    if (!direct_->send_some(socket_)) {
        direct_ = nullptr;
        wait_until_writable(false);
        if (!ended_) {
            settle_after_flush();
        }
    }
}

void StreamTransport::settle_after_flush() noexcept {
    if (writer_paused_ && queue_.size() <= low_water_) {
        writer_paused_ = false;
        const Lifetime::Watch watch(lifetime_);
        handler_->on_resume_writing(); // may write again
        if (watch.ended() || ended_) {
            return;
        }
    }
    if (!queue_.empty() || direct_ != nullptr) {
        return;
    }
    if (closing_) {
        end(std::nullopt);
    } else if (eof_written_) {
        socket_.shutdown_write(); // an error here is an error of the connection: reading tells it
    }
}

void StreamTransport::pause_writer_above_high_water() noexcept {
    if (!writer_paused_ && queue_.size() > high_water_) {
        writer_paused_ = true;
        handler_->on_pause_writing();
    }
}

void StreamTransport::write_eof() noexcept {
    if (closing_ || eof_written_) {
        return;
    }
    if (pipe_) {
        close();
        return;
    }
    eof_written_ = true;
    if (queue_.empty() && direct_ == nullptr) {
        socket_.shutdown_write();
    }
}

void StreamTransport::end_input_when_answered() noexcept {
    input_ends_ = !closing_ && !eof_received_;
    end_input_if_answered();
}

void StreamTransport::end_input_if_answered() noexcept {
    if (input_ends_ && !owes_answer_) {
        input_ends_ = false;
        socket_.shutdown_read(); // the kernel hands out what has arrived, then the end
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
        tell_closed();
    } else if (always_ready_ && wants_data()) {
        const Lifetime::Watch watch(lifetime_);
        read();
        if (!watch.ended()) {
            update_interest();
        }
    } else if (!queue_.empty() && !socket_full_) {
        flush();
    }
}

void StreamTransport::tell_closed() noexcept {
    closed_ = true;
    // The socket outlives the call, in which the transport may be destroyed: its number must not
    // come back while the handler still goes by it.
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
        // Even without interest epoll reports a hang-up, in every turn.
        reactor_.poller().remove(*this);
        return;
    }
    const auto error = is_watching() ? reactor_.poller().change(*this, interest)
                                     : reactor_.poller().add(*this, fd(), interest);
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
