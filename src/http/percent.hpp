#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hocket::http::detail {

/// Decodes the escapes (%XX) of a part of a URL; empty if one is malformed. In a form, as in a
/// query, '+' is a space.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        bool is_form = false);

} // namespace hocket::http::detail
