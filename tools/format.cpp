#include "format.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <unistd.h>

#include <fmt/format.h>

namespace hocket::tool {

namespace {

/// The number of bytes of the UTF-8 character with which `text` begins; 0 if it begins with none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&text](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
    };
    const std::size_t length = byte(0) < 0x80                      ? 1
                               : byte(0) >= 0xc2 && byte(0) < 0xe0 ? 2
                               : byte(0) >= 0xe0 && byte(0) < 0xf0 ? 3
                               : byte(0) >= 0xf0 && byte(0) < 0xf5 ? 4
                                                                   : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) {
            return 0;
        }
    }
    if (length > 2) { // overlong forms, surrogates, and what is beyond Unicode
        const unsigned head = byte(0) << 8U | byte(1);
        const bool is_valid = length == 3 ? head >= 0xe0a0 && (head < 0xeda0 || head > 0xedbf)
                                          : head >= 0xf090 && head <= 0xf48f;
        return is_valid ? length : 0;
    }
    return length;
}

} // namespace

std::string format_duration(double seconds) {
    struct Unit {
        double length;
        const char* name;
    };
    for (const Unit unit : {Unit{1.0, "s"}, Unit{1e-3, "ms"}, Unit{1e-6, "µs"}}) {
        if (seconds >= unit.length) {
            const double value = seconds / unit.length;
            return value < 9.95 ? fmt::format("{:.1f} {}", value, unit.name)
                                : fmt::format("{:.0f} {}", value, unit.name);
        }
    }
    return fmt::format("{:.0f} ns", seconds * 1e9);
}

std::string format_age(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 120) {
        return fmt::format("{} s", whole);
    }
    if (whole < 7200) {
        return fmt::format("{} min", whole / 60);
    }
    return whole < 172'800 ? fmt::format("{} h {} min", whole / 3600, whole / 60 % 60)
                           : fmt::format("{} days", whole / 86'400);
}

std::string printable(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = character_length(text.substr(i));
        const auto first = static_cast<unsigned char>(text[i]);
        if (length == 0) {
            result += "\uFFFD"; // Unicode's replacement character
        } else if (first < ' ' || first == 0x7f ||
                   (first == 0xc2 && length == 2 &&
                    static_cast<unsigned char>(text[i + 1]) < 0xa0)) {
            result += '?'; // a control character, which terminals obey
        } else {
            result += text.substr(i, length);
        }
        i += std::max<std::size_t>(length, 1);
    }
    return result;
}

bool is_terminal() {
    static const bool is = [] {
        const char* const kind = std::getenv("TERM");
        return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
    }();
    return is;
}

} // namespace hocket::tool
