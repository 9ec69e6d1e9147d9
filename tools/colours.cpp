#include "colours.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "format.hpp"

namespace hocket::tool {

namespace {

bool wants_colours() {
    const char* const refused = std::getenv("NO_COLOR");
    return is_terminal() && (refused == nullptr || *refused == '\0');
}

bool& colours() {
    static bool on = wants_colours();
    return on;
}

std::string styled(const char* style, const std::string& text) {
    return has_colours() ? "\x1b[" + std::string(style) + 'm' + text + "\x1b[0m" : text;
}

} // namespace

bool has_colours() { return colours(); }
void set_colours(bool on) { colours() = on; }

std::string bold(const std::string& text) { return styled("1", text); }
std::string dim(const std::string& text) { return styled("2", text); }
std::string red(const std::string& text) { return styled("1;31", text); }
std::string yellow(const std::string& text) { return styled("33", text); }
std::string green(const std::string& text) { return styled("32", text); }

std::string bar(double part, std::size_t columns, std::string (*style)(const std::string&)) {
    static constexpr std::array<const char*, 8> ends = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const auto eighths = static_cast<std::size_t>(
        std::lround(std::clamp(part, 0.0, 1.0) * 8 * static_cast<double>(columns)));
    std::string full;
    for (std::size_t i = 0; i < eighths / 8; ++i) {
        full += "█";
    }
    full += ends[eighths % 8];
    const std::size_t used = (eighths + 7) / 8;
    return style(full) + std::string(columns - used, ' ');
}

} // namespace hocket::tool
