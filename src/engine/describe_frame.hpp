#pragma once

#include <cstdint>
#include <string>

namespace hocket::engine {

/// Where a call is in the file that its code was loaded from.
struct CodeLocation {
    std::string module;        ///< an absolute path; empty: unknown
    std::uintptr_t offset = 0; ///< from the first byte of the module in memory
};

/// Of the call whose return address is `address`.
[[nodiscard]] CodeLocation locate_frame(const void* address);

/// A frame of a stack, of which `address` is the return address: "function + 0x1f (module)". A
/// function's name is known only if it has external linkage and its module exports it, which
/// programs do if they are linked with -rdynamic. Otherwise "?? + 0x1f (module)", with the call's
/// offset in the module.
[[nodiscard]] std::string describe_frame(const void* address);

} // namespace hocket::engine
