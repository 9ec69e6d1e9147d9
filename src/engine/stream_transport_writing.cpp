// StreamTransport: writing.
#include "engine/stream_transport.hpp"

#include <optional>
#include <utility>

namespace hocket::engine {

namespace {

// If this much is queued in one turn, it is sent before the turn ends.
constexpr std::size_t early_flush_size = std::size_t{32} * 1024;

} // namespace

bool StreamTransport::set_write_buffer_limits(std::optional<std::size_t> high,
                                              std::optional<std::size_t> low) noexcept {
    if (!marks_.set(high, low)) {
        return false;
    }
    pause_writer_above_high_water();
    return true;
}

bool StreamTransport::write(std::string_view data) {
    if (closing_) {
        ++ignored_writes_;
        return false;
    }
    put(data);
    notify_writer();
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
        // EPOLLOUT will continue.
    } else if (queue_.size() >= early_flush_size || queue_.size() > marks_.high()) {
        send({});
    } else if (!reading_) {
        reactor_.at_turn_end(*this);
    }
}

void StreamTransport::notify_writer() noexcept {
    if (!ended_) {
        pause_writer_above_high_water();
    }
}

void StreamTransport::flush_now() noexcept {
    if (needs_flush()) {
        reactor_.cancel_turn_end(*this);
        flush();
    }
}

// Sends as much as possible of the queue and `tail`. Returns how much of the tail was sent. Does
// not call the handler.
std::size_t StreamTransport::send(std::string_view tail) noexcept {
    const WriteQueue::Sent sent =
        pipe_ ? queue_.send(*pipe_, tail) : queue_.send(socket_.fileno(), tail);
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

// Also true if the queue is empty but paused: a large write may have sent the queue along with it
// and left its writer paused.
bool StreamTransport::needs_flush() const noexcept {
    return !ended_ && !socket_full_ && (!queue_.empty() || marks_.is_paused());
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
    direct_ = nullptr; // the pending flush does the rest
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
    if (marks_.resume_at(queue_.size())) {
        const Lifetime::Watch watch(lifetime_);
        handler_->on_resume_writing(); // may write more
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
        socket_.shutdown_write(); // an error is one of the connection, and reading reports it
    }
}

void StreamTransport::pause_writer_above_high_water() noexcept {
    if (marks_.pause_at(queue_.size())) {
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

} // namespace hocket::engine
