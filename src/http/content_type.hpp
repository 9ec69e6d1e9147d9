#pragma once

#include <string_view>

namespace hocket::http::detail {

/// The Content-Type of a file, by the extension of its name.
[[nodiscard]] std::string_view content_type(std::string_view file_name) noexcept;

} // namespace hocket::http::detail
