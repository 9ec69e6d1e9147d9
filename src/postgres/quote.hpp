#pragma once

#include <string>
#include <string_view>

namespace hocket::detail::postgres {

/// A name in SQL: "my ""table""".
[[nodiscard]] std::string quote_name(std::string_view name);
/// A string constant in SQL: 'it''s'.
[[nodiscard]] std::string quote_text(std::string_view text);

} // namespace hocket::detail::postgres
