// TlsTransport: writing and closing.
#include "engine/tls_transport.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace hocket::engine {

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
    below_.notify_writer();
    return true;
}

void TlsTransport::encrypt(std::string_view plaintext) {
    if (session_.write(plaintext) != TlsSession::Status::done) {
        fail_session();
    }
}

void TlsTransport::encrypt_gathered() noexcept {
    if (!gathered_) {
        return;
    }
    BulkMemory block = std::move(gathered_);
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
    below_.notify_writer();
}

// Must not call the layer above, because the session is in the middle of an operation.
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
    send_close_notify();
}

void TlsTransport::abort() noexcept {
    closing_ = true;
    state_ = State::finished;
    below_.abort();
}

void TlsTransport::send_close_notify() noexcept {
    encrypt_gathered();
    if (state_ == State::finished) {
        return; // encrypting has failed
    }
    session_.close_notify();
    if (session_.has_received_close_notify()) {
        finish();
        return;
    }
    state_ = State::close_notify;
    set_deadline(timeouts_.shutdown);
    if (std::exchange(paused_, false)) {
        resuming_ = true; // the data is not wanted, but the peer's close_notify comes after it
        reactor_.at_turn_end(*this);
    }
}

// Called when the session has failed. The alert that OpenSSL has written for the peer is still
// sent.
void TlsTransport::fail_session() noexcept {
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
        set_deadline(timeouts_.shutdown); // the peer may never read the queued data
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
