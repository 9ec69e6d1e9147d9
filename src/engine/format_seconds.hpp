#pragma once

#include <charconv>
#include <chrono>
#include <string>

namespace hocket::engine {

/// "0.123 seconds", with so many decimals, or significant digits if `style` is general.
[[nodiscard]] std::string format_seconds(std::chrono::duration<double> time, int precision = 3,
                                         std::chars_format style = std::chars_format::fixed);

} // namespace hocket::engine
