#include "http/websocket/handshake.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <hocket/errors.hpp>
#include <hocket/http/websocket_errors.hpp>

#include "http/ascii.hpp"
#include "http/received_headers.hpp"

namespace hocket::websockets::detail {

using http::detail::equals_ignoring_case;
using http::detail::quoted;
using http::detail::trim;

namespace {

template <std::size_t N> std::string base64(const std::array<unsigned char, N>& bytes) {
    std::array<unsigned char, (N + 2) / 3 * 4 + 1> text{};
    const int size = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(N));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

} // namespace

std::string make_key() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        throw RuntimeError("OpenSSL has no random numbers");
    }
    return base64(bytes);
}

bool is_key(std::string_view key) noexcept {
    std::array<unsigned char, 18> bytes{};
    return key.size() == 24 && key.ends_with("==") &&
           EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(key.data()), 24) ==
               18;
}

std::string accept_of(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, 20> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
        throw RuntimeError("OpenSSL has no SHA-1, which WebSocket needs");
    }
    return base64(digest);
}

bool contains_element(const http::Headers& headers, std::string_view name,
                      std::string_view element) {
    for (std::string_view list : headers.get_all(name)) {
        while (!list.empty()) {
            const auto comma = std::min(list.find(','), list.size());
            if (equals_ignoring_case(trim(list.substr(0, comma)), element)) return true;
            list.remove_prefix(std::min(comma + 1, list.size()));
        }
    }
    return false;
}

HandshakeAnswer parse_answer(std::string_view head) {
    HandshakeAnswer answer;
    http::detail::ReceivedHeaders fields(answer.headers);
    const auto next_line = [&head] {
        const auto end = std::min(head.find("\r\n"), head.size());
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(std::min(end + 2, head.size()));
        return line;
    };
    const std::string_view status = next_line();
    const auto code = status.substr(0, 12);
    const bool is_http = code.size() == 12 && code.starts_with("HTTP/1.1 ");
    if (!is_http ||
        std::from_chars(code.data() + 9, code.data() + 12, answer.status).ptr != code.data() + 12) {
        throw InvalidHandshake("the server does not answer with HTTP/1.1, but with " +
                               quoted(status));
    }
    answer.reason = status.size() > 13 ? status.substr(13) : std::string_view();
    for (auto line = next_line(); !line.empty(); line = next_line()) fields.add_line(line);
    return answer;
}

} // namespace hocket::websockets::detail
