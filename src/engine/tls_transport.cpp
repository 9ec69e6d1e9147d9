#include "engine/tls_transport.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace hocket::engine {

namespace {

// A write of this size becomes a record of its own: copying it would cost more than the record.
constexpr std::size_t direct_write_size = 4096;

} // namespace

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

// -- reading --------------------------------------------------------------------------------------

void TlsTransport::on_data(std::string_view ciphertext) noexcept {
    const Lifetime::Watch watch(lifetime_);
    if (held_) {
        held_->append(ciphertext);
    } else {
        take(ciphertext, watch);
    }
}

// Goes on with what the peer sent; what is not wanted now is held back.
void TlsTransport::take(std::string_view ciphertext, const Lifetime::Watch& watch) noexcept {
    session_.feed(ciphertext);
    taking_ = true;
    if (state_ != State::handshake || shake_hands(watch)) {
        while (hand_over(watch)) {
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

// True when the handshake is done and there may be data behind it.
bool TlsTransport::shake_hands(const Lifetime::Watch& watch) noexcept {
    switch (session_.handshake()) {
    case TlsSession::Status::want_input: return false;
    case TlsSession::Status::done: break;
    default: break_off(); return false;
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

// Decrypts as much as fits into one buffer and hands it over. True when there may be more.
bool TlsTransport::hand_over(const Lifetime::Watch& watch) noexcept {
    const bool is_dropped = state_ == State::goodbye || (state_ == State::open && input_ended_);
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
    case TlsSession::Status::failed: break_off(); return false;
    case TlsSession::Status::closed: break;
    }
    if (state_ == State::open) {
        if (!input_ended_) {
            above_.on_eof(); // with TLS, closing is not up to those above: asyncio has it so too
            if (watch.ended()) {
                return false;
            }
        }
        closing_ = true;
    }
    if (state_ == State::open) {
        say_goodbye();
    } else {
        finish();
    }
    return false;
}

bool TlsTransport::on_eof() noexcept {
    if (state_ == State::goodbye) {
        finish(); // who closes the connection upon a goodbye has understood it
    } else if (state_ != State::finished) {
        session_.feed_eof();
        if (!held_) {
            const Lifetime::Watch watch(lifetime_);
            take({}, watch);
        }
    }
    return true; // when to close is up to this
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
    // Not in this call: those above may not expect data in it.
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

// At the turn's end: those above may be in the middle of a write.
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

// -- writing --------------------------------------------------------------------------------------

bool TlsTransport::write(std::string_view data) {
    if (closing_) {
        ++ignored_writes_;
        return false;
    }
    if (state_ == State::handshake) {
        if (!early_) {
            early_ = std::make_unique<std::string>();
        }
        early_->append(data);
        return true;
    }
    owes_answer_ = false;
    end_input_if_answered();
    const std::size_t most = reactor_.write_blocks().buffer_size();
    while (!data.empty()) {
        if (gathered_size_ == 0 && data.size() >= direct_write_size) {
            encrypt(data);
            break;
        }
        if (!gathered_) {
            gathered_ = reactor_.write_blocks().take();
        }
        const std::size_t size = std::min(data.size(), most - gathered_size_);
        std::memcpy(gathered_.get() + gathered_size_, data.data(), size);
        gathered_size_ += size;
        data.remove_prefix(size);
        if (gathered_size_ == most) {
            encrypt_gathered();
        }
    }
    if (gathered_size_ > 0 && !taking_) {
        reactor_.at_turn_end(*this);
    }
    below_.tell_writer();
    return true;
}

void TlsTransport::encrypt(std::string_view plaintext) {
    if (session_.write(plaintext) != TlsSession::Status::done) {
        break_off();
    }
}

void TlsTransport::encrypt_gathered() noexcept {
    if (!gathered_) {
        return;
    }
    std::unique_ptr<std::byte[]> block = std::move(gathered_);
    const std::size_t size = std::exchange(gathered_size_, 0);
    if (state_ == State::open) {
        encrypt({reinterpret_cast<const char*>(block.get()), size});
    }
    reactor_.write_blocks().give_back(std::move(block));
}

void TlsTransport::finish_turn() noexcept {
    sends_now_ = true;
    encrypt_gathered();
    sends_now_ = false;
    below_.tell_writer();
}

// Calls nobody: the session is in the middle of its work.
bool TlsTransport::on_ciphertext(std::string_view data, bool more) noexcept {
    try {
        below_.put(data, more, sends_now_);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

// -- closing --------------------------------------------------------------------------------------

void TlsTransport::close() noexcept {
    if (closing_) {
        return;
    }
    if (state_ == State::handshake) {
        abort();
        return;
    }
    closing_ = true;
    say_goodbye();
}

void TlsTransport::abort() noexcept {
    closing_ = true;
    state_ = State::finished;
    below_.abort();
}

void TlsTransport::say_goodbye() noexcept {
    encrypt_gathered();
    if (state_ == State::finished) {
        return; // it broke
    }
    session_.close_notify();
    if (session_.has_received_close_notify()) {
        finish();
        return;
    }
    state_ = State::goodbye;
    set_deadline(timeouts_.shutdown);
    if (std::exchange(paused_, false)) {
        resuming_ = true; // nobody wants what comes, but the peer's goodbye is behind it
        reactor_.at_turn_end(*this);
    }
}

// The session has failed. OpenSSL has written down what to tell the peer; that goes out still.
void TlsTransport::break_off() noexcept {
    if (state_ == State::finished) {
        return;
    }
    closing_ = true;
    failure_ = std::make_unique<Failure>(session_.failure(below_.peer_text()));
    finish();
}

void TlsTransport::finish() noexcept {
    state_ = State::finished;
    closing_ = true;
    held_.reset();
    if (!deadline_.is_armed() || failure_) {
        set_deadline(timeouts_.shutdown); // the peer may not want to read what is queued
    }
    below_.close();
}

void TlsTransport::on_closed(const Failure* failure) noexcept {
    const bool was_in_handshake = state_ == State::handshake;
    clear_deadline();
    reactor_.cancel_turn_end(*this);
    state_ = State::finished;
    closing_ = true;
    std::unique_ptr<Failure> own = std::move(failure_);
    if (!own && failure == nullptr && was_in_handshake) {
        own = std::make_unique<Failure>(Failure{make_error_code(std::errc::connection_reset),
                                                "TLS handshake with " + peer_name()});
    }
    above_.on_closed(own ? own.get() : failure);
}

// -- deadlines ------------------------------------------------------------------------------------

void TlsTransport::set_deadline(Nanoseconds after) noexcept {
    clear_deadline();
    reactor_.timers().arm(deadline_, Reactor::now() + after);
}

void TlsTransport::clear_deadline() noexcept {
    if (deadline_.is_armed()) {
        reactor_.timers().cancel(deadline_);
    }
}

void TlsTransport::on_deadline() noexcept {
    if (!failure_ && state_ == State::handshake) {
        failure_ = std::make_unique<Failure>(
            Failure{make_error_code(std::errc::connection_aborted),
                    "TLS handshake with " + peer_name() + ", which took longer than " +
                        std::to_string(timeouts_.handshake / 1'000'000) + " ms"});
    } else if (!failure_) {
        failure_ = std::make_unique<Failure>(
            Failure{make_error_code(std::errc::timed_out), "TLS shutdown with " + peer_name()});
    }
    abort();
}

std::string TlsTransport::peer_name() const { return session_.peer_name(below_.peer_text()); }

} // namespace hocket::engine
