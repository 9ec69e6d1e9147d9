#pragma once

#include <string>

namespace hocket {

/// The name of a type or function as its source has it; `name` itself when it is not mangled.
[[nodiscard]] std::string demangled(const char* name);

} // namespace hocket
