#include "http/websocket/websocket.hpp"

#include <algorithm>
#include <utility>

#include <hocket/detail/loop/loop_core.hpp>
#include <hocket/errors.hpp>
#include <hocket/event_loop.hpp>
#include <hocket/http/websocket_errors.hpp>
#include <hocket/transport.hpp>

namespace hocket::websockets::detail {
namespace {

constexpr std::uint16_t no_code = 1005;
constexpr std::uint16_t lost_code = 1006;

bool is_normal(std::uint16_t code) noexcept {
    return code == 1000 || code == 1001 || code == no_code;
}

} // namespace

WebSocket::WebSocket(bool is_server, const ConnectionOptions& options)
    : is_server_(is_server), options_(options), frames_(*this, is_server, options.max_size) {
    writable_.set();
}

WebSocket::~WebSocket() = default;

void WebSocket::start(std::shared_ptr<Transport> transport, std::string_view received) {
    transport_ = std::move(transport);
    schedule_ping();
    if (!received.empty()) receive(received);
}

std::optional<std::uint16_t> WebSocket::close_code() const noexcept {
    if (received_code_) return received_code_;
    return is_lost_ ? std::optional(lost_code) : std::nullopt;
}

void WebSocket::data_received(std::string_view data) { receive(data); }

void WebSocket::receive(std::string_view data) {
    if (!unparsed_.empty()) {
        unparsed_ += data;
        return;
    }
    if (frames_.is_done()) return; // what follows a close frame, or an error, has no meaning
    const std::size_t parsed = frames_.receive(data);
    if (parsed < data.size() && !frames_.is_done()) unparsed_ = data.substr(parsed);
    flush();
}

bool WebSocket::eof_received() { return false; }

void WebSocket::connection_lost(std::exception_ptr error) {
    is_lost_ = true;
    if (!error_) error_ = std::move(error);
    ping_timer_.cancel();
    close_timer_.cancel();
    changed_.set();
    writable_.set();
    closed_.set();
    for (PendingPing* ping : pings_) ping->changed.set();
}

void WebSocket::on_message(std::string message, bool is_text) {
    if (sent_code_ || handles == 0) return; // nobody will receive it
    queued_bytes_ += message.size();
    messages_.push_back({std::move(message), is_text});
    if (is_full()) {
        frames_.stop();
        if (!is_paused_) transport_->pause_reading();
        is_paused_ = true;
    }
    changed_.set();
}

bool WebSocket::is_full() const noexcept {
    return messages_.size() >= options_.max_queue || queued_bytes_ >= 4 * options_.max_size;
}

void WebSocket::update_reading() {
    while (is_paused_ && !is_full() && !is_lost_) {
        if (unparsed_.empty() || frames_.is_done()) {
            is_paused_ = false;
            transport_->resume_reading();
            return;
        }
        const std::string rest = std::exchange(unparsed_, {});
        receive(rest);
    }
}

void WebSocket::on_pong(std::string_view payload) {
    const auto found = std::find_if(pings_.begin(), pings_.end(), [payload](PendingPing* ping) {
        return ping->payload == payload;
    });
    if (found != pings_.end()) {
        // It answers the earlier ones too.
        const auto now = std::chrono::steady_clock::now();
        for (auto ping = pings_.begin(); ping != std::next(found); ++ping) {
            (*ping)->latency = now - (*ping)->sent_at;
            (*ping)->is_answered = true;
            (*ping)->changed.set();
        }
        pings_.erase(pings_.begin(), std::next(found));
    }
    if (awaits_keep_alive_) {
        awaits_keep_alive_ = false;
        schedule_ping();
    }
}

void WebSocket::on_close(std::uint16_t code, std::string_view reason) {
    received_code_ = code;
    close_reason_ = reason;
}

void WebSocket::write(std::string_view bytes) {
    if (!is_lost_ && !has_ended_writing_) transport_->write(bytes);
}

// Sends what is queued, and goes on with the end of the connection.
void WebSocket::flush() {
    if (is_lost_) return;
    frames_.send();
    if (!frames_.close_sent() || is_ending_) return;
    sent_code_ = frames_.sent_code();
    if (frames_.close_received()) {
        is_ending_ = true;
        // The server closes first, so that the wait for late packets is at its side.
        if (is_server_) {
            transport_->close();
        } else {
            abort_after(options_.close_timeout);
        }
    } else if (frames_.is_done()) {
        // The peer broke the rules. Its data is read until its end, because closing a socket with
        // unread data would destroy the close frame on its way.
        is_ending_ = true;
        if (is_paused_) transport_->resume_reading();
        is_paused_ = false;
        if (transport_->can_write_eof()) {
            transport_->write_eof();
            has_ended_writing_ = true;
            abort_after(options_.close_timeout);
        } else {
            transport_->close();
        }
    }
}

void WebSocket::abort_after(const std::optional<std::chrono::nanoseconds>& timeout) {
    if (!timeout) return;
    close_timer_.cancel();
    close_timer_ = get_running_loop().call_later(*timeout, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->abort();
    });
}

void WebSocket::abort() noexcept {
    if (!is_lost_) transport_->abort();
}

void WebSocket::drop() noexcept {
    if (is_lost_) return;
    if (hocket::detail::running_core() == nullptr) { // the loop is being closed
        transport_->abort();
        return;
    }
    messages_.clear();
    unparsed_.clear();
    begin_close(1001, {});
}

void WebSocket::begin_close(std::uint16_t code, std::string_view reason) {
    messages_.clear();
    queued_bytes_ = 0;
    if (!sent_code_ && frames_.queue_close(code, reason)) {
        sent_code_ = code;
        flush();
        if (!is_ending_) abort_after(options_.close_timeout);
    }
    update_reading(); // to find the peer's close frame
}

void WebSocket::schedule_ping() {
    if (!options_.ping_interval) return;
    ping_timer_.cancel();
    ping_timer_ = get_running_loop().call_later(*options_.ping_interval, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->keep_alive();
    });
}

void WebSocket::keep_alive() {
    if (is_lost_ || sent_code_) return;
    if (awaits_keep_alive_) {
        error_ = std::make_exception_ptr(TimeoutError("keepalive ping timeout"));
        begin_close(1011, "keepalive ping timeout");
        abort();
        return;
    }
    if (!frames_.queue(Opcode::ping, "keepalive")) return;
    flush();
    awaits_keep_alive_ = true;
    if (!options_.ping_timeout) return;
    ping_timer_ = get_running_loop().call_later(*options_.ping_timeout, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->keep_alive();
    });
}

void WebSocket::throw_closed() const {
    const auto code_text = [](const std::optional<std::uint16_t>& code) {
        return code && *code != no_code ? std::to_string(*code) : std::string("no code");
    };
    std::string what = "the WebSocket connection is closed: ";
    if (received_code_) {
        what += "received " + code_text(received_code_);
        if (!close_reason_.empty()) what += " (" + close_reason_ + ")";
    } else {
        what += "no close frame received";
    }
    what += sent_code_ ? ", sent " + code_text(sent_code_) : std::string(", no close frame sent");
    if (error_) {
        try {
            std::rethrow_exception(error_);
        } catch (const std::exception& error) {
            what += std::string("; ") + error.what();
        }
    }
    const std::uint16_t code = received_code_.value_or(lost_code);
    if (received_code_ && is_normal(code) && is_normal(sent_code_.value_or(code))) {
        throw ConnectionClosedOK(what, code);
    }
    throw ConnectionClosedError(what, code);
}

} // namespace hocket::websockets::detail
