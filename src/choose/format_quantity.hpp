#pragma once

#include <string>

namespace hocket::choosing {

/// "3.25 ms", with three significant digits.
[[nodiscard]] std::string format_duration(double seconds);
/// Items a second: "12,345", or three significant digits below 100.
[[nodiscard]] std::string format_rate(double items_per_second);
/// "1.85"
[[nodiscard]] std::string format_ratio(double ratio);

} // namespace hocket::choosing
