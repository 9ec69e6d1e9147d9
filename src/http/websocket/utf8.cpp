#include "http/websocket/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hocket::websockets::detail {

bool is_utf8(std::string_view text) noexcept {
    const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto continues = [&](std::size_t at, unsigned char low = 0x80,
                               unsigned char high = 0xbf) {
        return at < text.size() && byte(at) >= low && byte(at) <= high;
    };
    for (std::size_t i = 0; i < text.size();) {
        std::uint64_t eight = 0;
        while (i + sizeof(eight) <= text.size()) { // most text is ASCII
            std::memcpy(&eight, text.data() + i, sizeof(eight));
            if ((eight & 0x8080808080808080U) != 0) break;
            i += sizeof(eight);
        }
        if (i == text.size()) break;
        const unsigned char first = byte(i);
        if (first < 0x80) {
            i += 1;
        } else if (first >= 0xc2 && first <= 0xdf) {
            if (!continues(i + 1)) return false;
            i += 2;
        } else if (first >= 0xe0 && first <= 0xef) {
            const unsigned char low = first == 0xe0 ? 0xa0 : 0x80;
            const unsigned char high = first == 0xed ? 0x9f : 0xbf;
            if (!continues(i + 1, low, high) || !continues(i + 2)) return false;
            i += 3;
        } else if (first >= 0xf0 && first <= 0xf4) {
            const unsigned char low = first == 0xf0 ? 0x90 : 0x80;
            const unsigned char high = first == 0xf4 ? 0x8f : 0xbf;
            if (!continues(i + 1, low, high) || !continues(i + 2) || !continues(i + 3))
                return false;
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

} // namespace hocket::websockets::detail
