#include "engine/format_seconds.hpp"

#include <array>

namespace hocket::engine {

std::string format_seconds(std::chrono::duration<double> time, int precision,
                           std::chars_format style) {
    std::array<char, 400> digits; // the largest double has 309 before its decimals
    const auto end =
        std::to_chars(digits.begin(), digits.end(), time.count(), style, precision).ptr;
    return std::string(digits.begin(), end) + " seconds";
}

} // namespace hocket::engine
