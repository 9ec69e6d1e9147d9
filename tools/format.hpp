#pragma once

#include <string>
#include <string_view>

namespace hocket::tool {

/// "12 µs", "1.3 s": two or three digits that matter.
[[nodiscard]] std::string format_duration(double seconds);

/// "3 h 12 min", "12 s": how long a program has run.
[[nodiscard]] std::string format_age(double seconds);

/// What a program says of itself, fit to be printed: without control characters, and as UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

/// Whether standard output is a terminal that can be redrawn.
[[nodiscard]] bool is_terminal();

} // namespace hocket::tool
