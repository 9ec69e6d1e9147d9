#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace web {

/// "Sun, 06 Nov 1994 08:49:37 GMT": always 29 characters, always in English.
std::string format_http_date(std::time_t time);

/// The time such a date stands for; nothing when it is not written exactly so.
std::optional<std::time_t> parse_http_date(std::string_view text);

} // namespace web
