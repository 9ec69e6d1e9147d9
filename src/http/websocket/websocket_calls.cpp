// What tasks await on a WebSocket.

#include <algorithm>
#include <utility>

#include <hocket/errors.hpp>
#include <hocket/http/websocket_errors.hpp>

#include "http/websocket/websocket.hpp"

namespace hocket::websockets::detail {

using Self = std::shared_ptr<WebSocket>;

Coro<Message> WebSocket::recv(Self self) {
    WebSocket& socket = *self;
    if (socket.is_receiving_) {
        throw RuntimeError("recv() called while another coroutine is already waiting for the next "
                           "message");
    }
    const Flag receiving(socket.is_receiving_);
    for (;;) {
        if (!socket.messages_.empty()) {
            Message message = std::move(socket.messages_.front());
            socket.messages_.pop_front();
            socket.queued_bytes_ -= message.data.size();
            if (socket.is_paused_) socket.update_reading();
            co_return message;
        }
        if (socket.is_lost_) socket.throw_closed();
        socket.changed_.clear();
        co_await socket.changed_.wait();
    }
}

bool WebSocket::send_now(Opcode opcode, std::string_view data) {
    if (is_lost_ || !frames_.queue(opcode, data)) throw_closed();
    flush();
    return writable_.is_set();
}

Coro<> WebSocket::send(Self self, Opcode opcode, std::string data) {
    if (!self->send_now(opcode, data)) co_await self->drain(*self);
}

Coro<> WebSocket::drain(WebSocket& socket) {
    co_await socket.writable_.wait();
    if (socket.is_lost_) socket.throw_closed();
}

Coro<> WebSocket::send_fragments(Self self, AsyncGenerator<std::string> pieces, Opcode opcode) {
    WebSocket& socket = *self;
    // One message at a time can be in fragments.
    while (socket.is_sending_fragments_) co_await socket.fragments_sent_.wait();
    if (socket.is_lost_ || !socket.frames_.begin_fragments(opcode)) socket.throw_closed();
    socket.fragments_sent_.clear();
    struct Sending {
        explicit Sending(WebSocket& owner) : socket(owner) { socket.is_sending_fragments_ = true; }
        Sending(const Sending&) = delete;
        // A message that is not complete cannot be taken back, so the connection cannot go on.
        ~Sending() {
            socket.is_sending_fragments_ = false;
            socket.fragments_sent_.set();
            if (!is_complete) socket.abort();
        }
        WebSocket& socket;
        bool is_complete = false;
    };
    Sending sending(socket);
    while (auto piece = co_await pieces.next()) {
        if (socket.is_lost_) socket.throw_closed();
        socket.frames_.add_fragment(*piece, false);
        if (!socket.writable_.is_set()) co_await drain(socket);
    }
    if (socket.is_lost_) socket.throw_closed();
    socket.frames_.add_fragment({}, true);
    sending.is_complete = true;
    if (!socket.writable_.is_set()) co_await drain(socket);
}

Coro<std::chrono::nanoseconds> WebSocket::ping(Self self, std::string payload) {
    WebSocket& socket = *self;
    if (payload.size() > 125) {
        throw ValueError("the payload of a ping has " + std::to_string(payload.size()) +
                         " bytes; at most 125 are allowed");
    }
    PendingPing ping;
    ping.payload = payload.empty() ? std::to_string(socket.next_ping_++) : std::move(payload);
    ping.sent_at = std::chrono::steady_clock::now();
    static_cast<void>(socket.send_now(Opcode::ping, ping.payload));
    struct Listed {
        Listed(std::deque<PendingPing*>& all, PendingPing* one) : pings(all), ping(one) {
            pings.push_back(ping);
        }
        Listed(const Listed&) = delete;
        ~Listed() { std::erase(pings, ping); }
        std::deque<PendingPing*>& pings;
        PendingPing* ping;
    };
    const Listed listed(socket.pings_, &ping);
    co_await ping.changed.wait();
    if (!ping.is_answered) socket.throw_closed();
    co_return ping.latency;
}

Coro<> WebSocket::close(Self self, std::uint16_t code, std::string reason) {
    const bool may_be_sent = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                             (code >= 3000 && code <= 4999);
    if (!may_be_sent) {
        throw ValueError("the close code " + std::to_string(code) +
                         " must not be sent; 1000 to 1003, 1007 to 1014 and 3000 to 4999 may");
    }
    if (reason.size() > 123) {
        throw ValueError("the reason of a close frame has " + std::to_string(reason.size()) +
                         " bytes; at most 123 are allowed");
    }
    if (self->is_lost_) co_return;
    self->begin_close(code, reason);
    co_await self->closed_.wait();
}

Coro<> WebSocket::wait_closed(Self self) {
    if (!self->is_lost_) co_await self->closed_.wait();
}

} // namespace hocket::websockets::detail
