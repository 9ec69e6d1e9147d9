#include <hocket/http/websocket_connection.hpp>

#include <utility>

#include <hocket/errors.hpp>

#include "http/websocket/utf8.hpp"
#include "http/websocket/websocket.hpp"

namespace hocket::websockets {
namespace {

using detail::Opcode;
using detail::WebSocket;

AsyncGenerator<Message> messages_of(std::shared_ptr<WebSocket> socket) {
    for (;;) {
        Message message;
        bool has_ended = false;
        try {
            auto receiving = WebSocket::recv(socket);
            message = co_await std::move(receiving);
        } catch (const ConnectionClosedOK&) {
            has_ended = true;
        }
        if (has_ended) co_return;
        co_yield std::move(message);
    }
}

} // namespace

Connection::Connection(std::shared_ptr<WebSocket> socket) noexcept : socket_(std::move(socket)) {
    ++socket_->handles;
}

Connection::Connection(const Connection& other) noexcept : Connection(other.socket_) {}

Connection::Connection(Connection&& other) noexcept = default;

Connection& Connection::operator=(Connection other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
}

Connection::~Connection() {
    if (socket_ && --socket_->handles == 0) socket_->drop();
}

Coro<Message> Connection::recv() { return WebSocket::recv(socket_); }

AsyncGenerator<Message> Connection::messages() { return messages_of(socket_); }

Coro<> Connection::send(std::string_view text) {
    if (!detail::is_utf8(text)) {
        throw ValueError("a text message must be UTF-8; use send_bytes for other data");
    }
    return WebSocket::send(socket_, Opcode::text, std::string(text));
}

Coro<> Connection::send(std::span<const std::byte> data) {
    return send_bytes({reinterpret_cast<const char*>(data.data()), data.size()});
}

Coro<> Connection::send_bytes(std::string_view data) {
    return WebSocket::send(socket_, Opcode::binary, std::string(data));
}

Coro<> Connection::send(AsyncGenerator<std::string> fragments, bool is_text) {
    return WebSocket::send_fragments(socket_, std::move(fragments),
                                     is_text ? Opcode::text : Opcode::binary);
}

Coro<std::chrono::nanoseconds> Connection::ping(std::string_view payload) {
    return WebSocket::ping(socket_, std::string(payload));
}

Coro<> Connection::pong(std::string_view payload) {
    if (payload.size() > 125) {
        throw ValueError("the payload of a pong has " + std::to_string(payload.size()) +
                         " bytes; at most 125 are allowed");
    }
    return WebSocket::send(socket_, Opcode::pong, std::string(payload));
}

Coro<> Connection::close(std::uint16_t code, std::string_view reason) {
    return WebSocket::close(socket_, code, std::string(reason));
}

Coro<> Connection::wait_closed() { return WebSocket::wait_closed(socket_); }

void Connection::abort() noexcept { socket_->abort(); }

bool Connection::is_closed() const noexcept { return socket_->is_closed(); }

std::optional<std::uint16_t> Connection::close_code() const noexcept {
    return socket_->close_code();
}

const std::string& Connection::close_reason() const noexcept { return socket_->close_reason(); }

const std::string& Connection::subprotocol() const noexcept { return socket_->subprotocol; }

const std::string& Connection::path() const noexcept { return socket_->path; }

SocketAddress Connection::remote_address() const noexcept {
    return socket_->transport()->peername();
}

SocketAddress Connection::local_address() const noexcept {
    return socket_->transport()->sockname();
}

} // namespace hocket::websockets
