#pragma once

#include <string>

namespace hocket::engine {

/// A frame of a stack, of which `address` is the return address: "function + 0x1f (module)". A
/// function's name is known only if it has external linkage and its module exports it, which
/// programs do if they are linked with -rdynamic.
[[nodiscard]] std::string describe_frame(const void* address);

} // namespace hocket::engine
