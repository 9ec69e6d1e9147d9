#pragma once

#include <string>

namespace hocket::engine {

/// The name of a type or function as in the source; `name` itself if it is not mangled.
[[nodiscard]] std::string demangled(const char* name);

/// The name of the function that a linker's symbol stands for. Compilers make several functions of
/// a coroutine: all have the coroutine's name.
[[nodiscard]] std::string function_of(std::string symbol);

} // namespace hocket::engine

namespace hocket {
using engine::demangled;
} // namespace hocket
