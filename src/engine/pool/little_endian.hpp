#pragma once

#include <cstddef>

namespace hocket::engine {

/// Writes an unsigned integer as sizeof(Integer) bytes, the lowest first.
template <class Integer> void put_little_endian(char* to, Integer value) noexcept {
    for (std::size_t i = 0; i < sizeof value; ++i) {
        to[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
    }
}

template <class Integer> [[nodiscard]] Integer get_little_endian(const char* from) noexcept {
    Integer value = 0;
    for (std::size_t i = sizeof value; i-- > 0;) {
        value = static_cast<Integer>(value << 8 | static_cast<unsigned char>(from[i]));
    }
    return value;
}

} // namespace hocket::engine
