#pragma once

#include <string>

namespace hocket::engine {

/// The name of a type or function as in the source; `name` itself if it is not mangled.
[[nodiscard]] std::string demangled(const char* name);

} // namespace hocket::engine

namespace hocket {
using engine::demangled;
} // namespace hocket
