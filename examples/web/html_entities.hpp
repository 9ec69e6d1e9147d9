#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace web {

/// Appends a code point as UTF-8; U+FFFD for what is none.
void append_utf8(std::string& out, char32_t code_point);

/// `text` begins with '&'. Appends what the character reference there stands for to `out` and
/// returns its length; returns 0 when it is only an ampersand. Known are all numeric references
/// and the names of HTML 4's Latin-1 and punctuation sets; a name needs its semicolon, so that the
/// "&copy" of "?a=1&copy=2" stays what it is.
std::size_t decode_entity(std::string_view text, std::string& out);

/// `text` with all its character references replaced.
std::string decode_entities(std::string_view text);

} // namespace web
