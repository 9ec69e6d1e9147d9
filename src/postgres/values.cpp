#include <hocket/postgres/values.hpp>

#include <hocket/errors.hpp>

namespace hocket::postgres {

namespace {

int digit_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

Uuid Uuid::parse(std::string_view text) {
    Uuid uuid;
    std::size_t digits = 0;
    bool is_valid = true;
    for (const char c : text) {
        const int value = digit_value(c);
        if (value >= 0 && digits < 32) {
            uuid.bytes[digits / 2] = static_cast<std::uint8_t>(uuid.bytes[digits / 2] * 16 + value);
            ++digits;
        } else if (c != '-') {
            is_valid = false;
        }
    }
    if (!is_valid || digits != 32) {
        throw ValueError("not a UUID: '" + std::string(text) + "' (32 hexadecimal digits)");
    }
    return uuid;
}

std::string Uuid::str() const {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += "0123456789abcdef"[bytes[i] >> 4];
        text += "0123456789abcdef"[bytes[i] & 15];
    }
    return text;
}

} // namespace hocket::postgres
