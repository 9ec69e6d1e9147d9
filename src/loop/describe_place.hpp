#pragma once

#include <source_location>
#include <string>

namespace hocket::detail {

/// "file.cpp:12", or "an unknown place".
[[nodiscard]] std::string describe_place(const std::source_location& place);

/// Whether it is in a file of this library, not of the program that uses it.
[[nodiscard]] bool is_in_library(const std::source_location& place) noexcept;

} // namespace hocket::detail
