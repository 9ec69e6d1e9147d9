#pragma once

#include <string>
#include <string_view>

namespace hocket::detail::postgres {

/// The decimal digits of a numeric in its binary format: groups of four digits.
[[nodiscard]] std::string numeric_text(std::string_view bytes);

} // namespace hocket::detail::postgres
