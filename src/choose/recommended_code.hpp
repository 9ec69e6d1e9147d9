#pragma once

#include <string>

#include <hocket/choose.hpp>

namespace hocket::choosing {

/// The code that was measured, as a user would write it; each line ends with a newline.
[[nodiscard]] std::string recommended_code(const Choice& choice);

} // namespace hocket::choosing
