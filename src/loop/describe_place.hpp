#pragma once

#include <source_location>
#include <string>

namespace hocket::detail {

/// "file.cpp:12", or "an unknown place".
[[nodiscard]] std::string describe_place(const std::source_location& place);

} // namespace hocket::detail
