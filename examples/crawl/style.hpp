#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace crawl {

enum class Colour { green, red, cyan, bold, dim };

/// `text` in that colour where `stream` is a terminal and NO_COLOR is not set, else as it is.
std::string coloured(std::FILE* stream, Colour colour, std::string_view text);

/// A horizontal bar of `value` out of `most`, at most `width` characters, drawn to an eighth of
/// one.
std::string bar(double value, double most, int width);

} // namespace crawl
