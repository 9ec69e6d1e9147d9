#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <type_traits>

namespace hocket::detail::postgres {

/// Reads a number in network byte order.
template <class T> T load(const char* from) noexcept {
    std::make_unsigned_t<T> value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (std::endian::native == std::endian::little && sizeof value > 1) {
        if constexpr (sizeof value == 2) {
            value = __builtin_bswap16(value);
        } else if constexpr (sizeof value == 4) {
            value = __builtin_bswap32(value);
        } else {
            value = __builtin_bswap64(value);
        }
    }
    return static_cast<T>(value);
}

/// Appends a number in network byte order.
template <class T> void append(std::string& to, T value) {
    std::make_unsigned_t<T> bytes = load<std::make_unsigned_t<T>>(
        reinterpret_cast<const char*>(&value)); // swapping is its own inverse
    to.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
}

} // namespace hocket::detail::postgres
