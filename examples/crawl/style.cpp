#include "crawl/style.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unistd.h>

namespace crawl {

std::string coloured(std::FILE* stream, Colour colour, std::string_view text) {
    static constexpr std::array<std::string_view, 5> codes{"32", "31", "36", "1", "2"};
    if (::isatty(::fileno(stream)) != 1 || std::getenv("NO_COLOR")) return std::string(text);
    const std::string_view code = codes[static_cast<std::size_t>(colour)];
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string bar(double value, double most, int width) {
    static constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (most <= 0) return {};
    // Something that is there is seen, however little.
    const auto filled =
        std::max<std::size_t>(1, static_cast<std::size_t>(value / most * width * 8 + 0.5));
    std::string text;
    for (std::size_t i = 0; i < filled / 8; ++i) text += "█";
    return text += eighths[filled % 8];
}

} // namespace crawl
