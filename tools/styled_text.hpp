#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::tool {

/// A piece of a line in one style.
struct Run {
    bool bold = false;
    bool dim = false;
    int colour = 0; ///< a terminal's: 31 is red; 0: none
    std::string text;
};
using StyledLine = std::vector<Run>;

/// The lines of what was printed for a terminal, without the escape sequences of colours.
[[nodiscard]] std::vector<StyledLine> styled_lines(std::string_view text);

/// As many columns as a terminal needs for UTF-8 without wide characters.
[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept;
[[nodiscard]] std::size_t columns_of(const StyledLine& line) noexcept;

/// Shortens a line that needs more columns; the last is then "…".
void cut(StyledLine& line, std::size_t columns);

/// The line with the escape sequences of colours.
[[nodiscard]] std::string for_terminal(const StyledLine& line);

} // namespace hocket::tool
