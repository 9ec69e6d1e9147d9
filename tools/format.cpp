#include "format.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <unistd.h>

#include <fmt/format.h>

namespace hocket::tool {

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

bool is_terminal() {
    static const bool is = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
    return is;
}

std::string bold(const std::string& text) {
    return is_terminal() ? "\x1b[1m" + text + "\x1b[0m" : text;
}

std::string red(const std::string& text) {
    return is_terminal() ? "\x1b[1;31m" + text + "\x1b[0m" : text;
}

} // namespace hocket::tool
