#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::http::detail {

/// The bytes of an IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
inline constexpr std::size_t http_date_size = 29;

[[nodiscard]] std::string format_http_date(std::time_t time);

/// The time of an IMF-fixdate; empty for anything else, such as the two obsolete formats.
[[nodiscard]] std::optional<std::time_t> parse_http_date(std::string_view text);

} // namespace hocket::http::detail
