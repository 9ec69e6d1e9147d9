#pragma once

#include <string_view>

namespace hocket::http {

/// The phrase of RFC 9110 for a status code, such as "Not Found" for 404; "Unknown" for a code that
/// it does not name.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

} // namespace hocket::http
