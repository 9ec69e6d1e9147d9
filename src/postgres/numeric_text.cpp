#include "postgres/numeric_text.hpp"

#include <cstddef>
#include <cstdint>

#include "postgres/byte_order.hpp"

namespace hocket::detail::postgres {

std::string numeric_text(std::string_view bytes) {
    if (bytes.size() < 8) {
        return "NaN";
    }
    const int groups = load<std::int16_t>(bytes.data());
    const int weight = load<std::int16_t>(bytes.data() + 2); // of the first group, in groups
    const auto sign = load<std::uint16_t>(bytes.data() + 4);
    const int scale = load<std::int16_t>(bytes.data() + 6); // digits after the point
    switch (sign) {
    case 0xC000: return "NaN";
    case 0xD000: return "Infinity";
    case 0xF000: return "-Infinity";
    default: break;
    }
    const auto group = [&](int index) {
        const std::size_t place = 8 + 2 * static_cast<std::size_t>(index);
        return index >= 0 && index < groups && place + 2 <= bytes.size()
                   ? load<std::int16_t>(bytes.data() + place)
                   : 0;
    };
    const auto four_digits = [](int value) {
        std::string digits = std::to_string(value);
        return std::string(4 - digits.size(), '0') + digits;
    };
    std::string text = sign == 0x4000 ? "-" : "";
    if (weight < 0) {
        text += '0';
    } else {
        text += std::to_string(group(0));
        for (int i = 1; i <= weight; ++i) {
            text += four_digits(group(i));
        }
    }
    if (scale > 0) {
        text += '.';
        const std::size_t end = text.size() + static_cast<std::size_t>(scale);
        for (int i = weight + 1; text.size() < end; ++i) {
            text += four_digits(group(i));
        }
        text.resize(end);
    }
    return text;
}

} // namespace hocket::detail::postgres
