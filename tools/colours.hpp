#pragma once

#include <cstddef>
#include <string>

namespace hocket::tool {

/// Whether output has colours: on a terminal, unless the environment contains NO_COLOR
/// (https://no-color.org).
[[nodiscard]] bool has_colours();
/// From now on it has, or has not.
void set_colours(bool on);

/// `text` in a style if output has colours; `text` itself otherwise.
[[nodiscard]] std::string bold(const std::string& text);
[[nodiscard]] std::string dim(const std::string& text);
[[nodiscard]] std::string red(const std::string& text);
[[nodiscard]] std::string yellow(const std::string& text);
[[nodiscard]] std::string green(const std::string& text);

/// How much of something is in use, from 0 to 1: a bar in a style, and spaces to so many columns.
[[nodiscard]] std::string bar(double part, std::size_t columns,
                              std::string (*style)(const std::string&));

} // namespace hocket::tool
