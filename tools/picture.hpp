#pragma once

#include <string>
#include <string_view>

namespace hocket::tool {

/// A terminal window in which `command` has printed `text`, as SVG: one file without scripts,
/// styles or fonts of its own. Long lines are cut.
[[nodiscard]] std::string picture_of(const std::string& command, std::string_view text);

/// Writes it to a file. Throws Problem if that is impossible.
void write_picture(const std::string& file, const std::string& command, std::string_view text);

} // namespace hocket::tool
