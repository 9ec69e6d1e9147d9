#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <hocket/http/headers.hpp>

namespace hocket::websockets::detail {

/// A new value for Sec-WebSocket-Key.
[[nodiscard]] std::string make_key();
/// Whether `key` is 16 bytes in base64.
[[nodiscard]] bool is_key(std::string_view key) noexcept;
/// The value of Sec-WebSocket-Accept that belongs to a key.
[[nodiscard]] std::string accept_of(std::string_view key);

/// Whether a field, which may occur several times, contains this element in its comma-separated
/// list; the case does not matter.
[[nodiscard]] bool contains_element(const http::Headers& headers, std::string_view name,
                                    std::string_view element);

/// A server's answer to the opening handshake.
struct HandshakeAnswer {
    int status = 0;
    std::string reason;
    http::Headers headers;
};

/// Parses a head, which ends with an empty line. Throws InvalidHandshake.
[[nodiscard]] HandshakeAnswer parse_answer(std::string_view head);

} // namespace hocket::websockets::detail
