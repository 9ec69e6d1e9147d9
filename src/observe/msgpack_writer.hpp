#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace hocket::observer {

/// Writes msgpack (https://msgpack.org). Not msgpack-cxx, because every program that runs a loop
/// contains this.
class MsgpackWriter {
public:
    void map(std::uint32_t pairs) { begin(0x80, 15, 0xdf, pairs); }
    void array(std::uint32_t elements) { begin(0x90, 15, 0xdd, elements); }
    void string(std::string_view text) {
        begin(0xa0, 31, 0xdb, static_cast<std::uint32_t>(text.size()));
        bytes_ += text;
    }
    void number(std::uint64_t value) {
        if (value < 128) {
            byte(static_cast<unsigned>(value));
        } else {
            byte(0xcf);
            big_endian(value, 8);
        }
    }
    void number(double value) {
        byte(0xcb);
        big_endian(std::bit_cast<std::uint64_t>(value), 8);
    }
    void nil() { byte(0xc0); }
    void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }

    /// A pair of a map.
    void pair(std::string_view key, std::string_view value) {
        string(key);
        string(value);
    }
    void pair(std::string_view key, const char* value) { pair(key, std::string_view(value)); }
    void pair(std::string_view key, std::uint64_t value) {
        string(key);
        number(value);
    }
    void pair(std::string_view key, bool value) {
        string(key);
        boolean(value);
    }

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

private:
    void byte(unsigned value) { bytes_ += static_cast<char>(value); }
    void big_endian(std::uint64_t value, int size) {
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
            byte(static_cast<unsigned>(value >> shift) & 0xffU);
        }
    }
    void begin(unsigned small, std::uint32_t most_small, unsigned large, std::uint32_t size) {
        if (size <= most_small) {
            byte(small | size);
        } else {
            byte(large);
            big_endian(size, 4);
        }
    }

    std::string bytes_;
};

} // namespace hocket::observer
