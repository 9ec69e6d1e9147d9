#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <hocket/async_generator.hpp>
#include <hocket/coro.hpp>
#include <hocket/http/websocket_errors.hpp>
#include <hocket/socket.hpp>

namespace hocket::websockets {

namespace detail {
class WebSocket; // src/http/websocket/websocket.hpp
}

/// A message. Python has str for text and bytes for the rest.
struct Message {
    std::string data;
    bool is_text = true; ///< Then `data` is valid UTF-8.
};

/// One end of a WebSocket connection: websockets.ClientConnection and ServerConnection. A handle:
/// copies refer to the same connection. Use it only on the loop's thread. Destroying the last
/// handle closes the connection with 1001.
///
/// Pings are answered, and fragments put together, without a call. Cancelling a call ends only its
/// wait; no message is lost.
class Connection {
public:
    /// Returns the next message. Throws ConnectionClosedOK or ConnectionClosedError once the
    /// connection is closed and its messages have been received. One task at a time may wait; a
    /// second one throws RuntimeError.
    Coro<Message> recv();
    /// The messages until the connection is closed normally: Python's `async for`.
    AsyncGenerator<Message> messages();

    /// Sends a text message, which must be UTF-8, or ValueError is thrown. Waits while more than 64
    /// KiB wait to be sent. The data is copied by the call. Throws ConnectionClosed.
    Coro<> send(std::string_view text);
    /// Sends a binary message.
    Coro<> send(std::span<const std::byte> data);
    Coro<> send_bytes(std::string_view data);
    /// Sends a message in fragments. Messages that others send meanwhile follow after it.
    Coro<> send(AsyncGenerator<std::string> fragments, bool is_text = true);

    /// Sends a ping and waits for the pong; returns how long it took. The payload, of at most 125
    /// bytes, is chosen if none is given. Throws ConnectionClosed.
    Coro<std::chrono::nanoseconds> ping(std::string_view payload = {});
    /// Sends a pong without having been asked.
    Coro<> pong(std::string_view payload = {});

    /// Sends a close frame, waits for the peer's, and closes the connection. Messages that have not
    /// been received are dropped. Does nothing if the connection is closed. Throws ValueError for a
    /// code that must not be sent (1000 to 1003, 1007 to 1014 and 3000 to 4999 may), and for a
    /// reason of more than 123 bytes.
    Coro<> close(std::uint16_t code = 1000, std::string_view reason = {});
    /// Waits until the connection is closed.
    Coro<> wait_closed();
    /// Ends the connection without a close frame.
    void abort() noexcept;
    [[nodiscard]] bool is_closed() const noexcept;

    /// The code of the peer's close frame: 1005 if it had none, 1006 if the connection was lost
    /// without one. Empty while the connection is open.
    [[nodiscard]] std::optional<std::uint16_t> close_code() const noexcept;
    [[nodiscard]] const std::string& close_reason() const noexcept;
    /// The protocol that both ends have agreed on; may be empty.
    [[nodiscard]] const std::string& subprotocol() const noexcept;
    /// For servers: the target of the request, such as "/chat?room=1".
    [[nodiscard]] const std::string& path() const noexcept;
    [[nodiscard]] SocketAddress remote_address() const noexcept;
    [[nodiscard]] SocketAddress local_address() const noexcept;

    /// Internal.
    explicit Connection(std::shared_ptr<detail::WebSocket> socket) noexcept;
    Connection(const Connection& other) noexcept;
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection other) noexcept;
    ~Connection();

private:
    std::shared_ptr<detail::WebSocket> socket_;
};

} // namespace hocket::websockets
