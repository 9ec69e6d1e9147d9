#pragma once

#include <string>

namespace hocket::tool {

/// "12 µs", "1.3 s": two or three digits that matter.
[[nodiscard]] std::string format_duration(double seconds);

/// "3 h 12 min", "12 s": how long a program has run.
[[nodiscard]] std::string format_age(double seconds);

/// Whether standard output is a terminal, on which colours and redrawing make sense.
[[nodiscard]] bool is_terminal();

/// `text` in bold or red if standard output is a terminal; `text` itself otherwise.
[[nodiscard]] std::string bold(const std::string& text);
[[nodiscard]] std::string red(const std::string& text);

} // namespace hocket::tool
