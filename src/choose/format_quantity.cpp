#include "choose/format_quantity.hpp"

#include <cstdio>

namespace hocket::choosing {

namespace {

std::string printed(const char* format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

} // namespace

std::string format_duration(double seconds) {
    if (seconds >= 1) {
        return printed(seconds >= 1000 ? "%.0f s" : "%.3g s", seconds);
    }
    if (seconds >= 1e-3) {
        return printed("%.3g ms", seconds * 1e3);
    }
    if (seconds >= 1e-6) {
        return printed("%.3g µs", seconds * 1e6);
    }
    return printed("%.0f ns", seconds * 1e9);
}

std::string format_rate(double items_per_second) {
    if (items_per_second < 100) {
        return printed("%.3g", items_per_second);
    }
    std::string text = printed("%.0f", items_per_second);
    for (std::size_t i = text.size(); i > 3;) {
        i -= 3;
        text.insert(i, ",");
    }
    return text;
}

std::string format_ratio(double ratio) { return printed("%.2f", ratio); }

} // namespace hocket::choosing
