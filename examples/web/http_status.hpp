#pragma once

#include <string>
#include <string_view>

namespace web {

/// The reason phrase of RFC 9110 for a status code; "Unknown" for one it does not name.
std::string_view reason_phrase(int status);

/// "404 Not Found".
std::string status_text(int status);

} // namespace web
