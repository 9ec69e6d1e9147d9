#include "engine/tls_transport.hpp"

#include <utility>

namespace hocket::engine {

TlsTransport::TlsTransport(Reactor& reactor, StreamTransport& below, SslPointer ssl,
                           const TlsTimeouts& timeouts, StreamHandler& above)
    : reactor_(reactor),
      below_(below),
      above_(above),
      session_(std::move(ssl), *this),
      timeouts_(timeouts) {
    below_.set_handler(*this);
}

TlsTransport::~TlsTransport() {
    clear_deadline();
    reactor_.cancel_turn_end(*this);
    if (gathered_) {
        reactor_.write_blocks().give_back(std::move(gathered_));
    }
}

void TlsTransport::start(std::string_view received) noexcept {
    set_deadline(timeouts_.handshake);
    const Lifetime::Watch watch(lifetime_);
    take(received, watch);
}

void TlsTransport::on_data(std::string_view ciphertext) noexcept {
    const Lifetime::Watch watch(lifetime_);
    if (held_) {
        held_->append(ciphertext);
    } else {
        take(ciphertext, watch);
    }
}

// Processes ciphertext from the peer. The part that is not wanted now is held back.
void TlsTransport::take(std::string_view ciphertext, const Lifetime::Watch& watch) noexcept {
    session_.feed(ciphertext);
    taking_ = true;
    if (state_ != State::handshake || advance_handshake(watch)) {
        while (decrypt_once(watch)) {
        }
    }
    if (watch.ended()) {
        return;
    }
    taking_ = false;
    if (const std::string_view rest = session_.take_input();
        !rest.empty() && state_ != State::finished) {
        held_ = std::make_unique<std::string>(rest);
    }
    finish_turn();
}

// Returns true if the handshake is done and data may follow it.
bool TlsTransport::advance_handshake(const Lifetime::Watch& watch) noexcept {
    switch (session_.handshake()) {
    case TlsSession::Status::want_input: return false;
    case TlsSession::Status::done: break;
    default: fail_session(); return false;
    }
    clear_deadline();
    state_ = State::open;
    if (const auto early = std::move(early_)) {
        static_cast<void>(write(*early));
        if (watch.ended() || state_ != State::open) {
            return false;
        }
    }
    above_.on_handshake_done();
    if (watch.ended()) {
        return false;
    }
    end_input_if_answered();
    return true;
}

// Decrypts as much as fits into one buffer and delivers it. Returns true if there may be more.
bool TlsTransport::decrypt_once(const Lifetime::Watch& watch) noexcept {
    const bool is_dropped =
        state_ == State::close_notify || (state_ == State::open && input_ended_);
    const bool is_wanted = state_ == State::open && is_reading() && !is_dropped;
    if ((!is_wanted && !is_dropped) || !session_.has_input()) {
        return false;
    }
    std::span<std::byte> theirs;
    if (is_wanted) {
        theirs = above_.get_buffer(reactor_.read_buffers().buffer_size());
        if (watch.ended() || state_ != State::open || !is_reading()) {
            return !watch.ended();
        }
    }
    std::optional<BufferPool::Loan> loan;
    const std::span<std::byte> space =
        theirs.empty() ? loan.emplace(reactor_.read_buffers()).bytes() : theirs;
    TlsSession::Read read{TlsSession::Status::done, 0};
    std::size_t count = 0;
    while (count < space.size() && session_.has_input()) {
        read = session_.read(space.subspan(count));
        if (read.status != TlsSession::Status::done) {
            break;
        }
        count += read.count;
    }
    if (count > 0 && is_wanted) {
        owes_answer_ = true;
        if (loan) {
            above_.on_data({reinterpret_cast<const char*>(space.data()), count});
        } else {
            above_.on_buffer_filled(count);
        }
        if (watch.ended()) {
            return false;
        }
    }
    switch (read.status) {
    case TlsSession::Status::done: return true;
    case TlsSession::Status::want_input: return false;
    case TlsSession::Status::failed: fail_session(); return false;
    case TlsSession::Status::closed: break;
    }
    if (state_ == State::open) {
        if (!input_ended_) {
            above_.on_eof(); // with TLS, the layer above cannot keep it open; the same in asyncio
            if (watch.ended()) {
                return false;
            }
        }
        closing_ = true;
    }
    if (state_ == State::open) {
        send_close_notify();
    } else {
        finish();
    }
    return false;
}

bool TlsTransport::on_eof() noexcept {
    if (state_ == State::close_notify) {
        finish(); // the peer may close the connection instead of answering with close_notify
    } else if (state_ != State::finished) {
        session_.feed_eof();
        if (!held_) {
            const Lifetime::Watch watch(lifetime_);
            take({}, watch);
        }
    }
    return true; // this transport decides when to close
}

void TlsTransport::pause_reading() noexcept {
    if (!closing_) {
        paused_ = true;
        below_.pause_reading();
    }
}

void TlsTransport::resume_reading() noexcept {
    if (closing_ || !paused_) {
        return;
    }
    paused_ = false;
    // Not in this call: the layer above may not expect data during it.
    resuming_ = true;
    reactor_.at_turn_end(*this);
}

void TlsTransport::on_turn_end() noexcept {
    const Lifetime::Watch watch(lifetime_);
    if (std::exchange(resuming_, false) && !paused_) {
        const auto held = std::move(held_);
        take(held ? std::string_view(*held) : std::string_view(), watch);
        if (watch.ended()) {
            return;
        }
        if (!paused_ && state_ != State::finished) {
            below_.resume_reading();
        }
    }
    if (input_ends_ && !owes_answer_ && state_ == State::open) {
        end_input();
        if (watch.ended()) {
            return;
        }
    }
    finish_turn();
    if (!watch.ended()) {
        below_.flush_now();
    }
}

void TlsTransport::end_input_when_answered() noexcept {
    input_ends_ = !closing_ && !input_ended_;
    end_input_if_answered();
}

// At the turn's end, because the layer above may be in the middle of a write.
void TlsTransport::end_input_if_answered() noexcept {
    if (input_ends_ && !owes_answer_ && state_ == State::open) {
        reactor_.at_turn_end(*this);
    }
}

void TlsTransport::end_input() noexcept {
    input_ends_ = false;
    if (closing_) {
        return;
    }
    input_ended_ = true;
    held_.reset();
    const Lifetime::Watch watch(lifetime_);
    const bool stays_open = above_.on_eof();
    if (!watch.ended() && !stays_open) {
        close();
    }
}

} // namespace hocket::engine
