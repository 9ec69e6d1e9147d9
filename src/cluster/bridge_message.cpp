#include "cluster/bridge_message.hpp"

#include <cstdint>
#include <utility>

#include "engine/pool/little_endian.hpp"

namespace hocket::detail {

std::string encode_message(const BridgeMessage& message) {
    std::string bytes;
    for (const std::string& text : message) {
        char size[4];
        engine::put_little_endian(size, static_cast<std::uint32_t>(text.size()));
        bytes.append(size, sizeof size).append(text);
    }
    return bytes;
}

std::optional<BridgeMessage> decode_message(std::span<const char> bytes) {
    BridgeMessage message;
    while (!bytes.empty()) {
        if (bytes.size() < 4) {
            return std::nullopt;
        }
        const auto size = engine::get_little_endian<std::uint32_t>(bytes.data());
        bytes = bytes.subspan(4);
        if (size > bytes.size()) {
            return std::nullopt;
        }
        message.emplace_back(bytes.data(), size);
        bytes = bytes.subspan(size);
    }
    return message.empty() ? std::nullopt : std::optional(std::move(message));
}

} // namespace hocket::detail
