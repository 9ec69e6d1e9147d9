#pragma once

#include <cstdint>

namespace hocket::detail {

/// Identifies a function to another process of the same program: by the module (the program itself
/// or a shared library) and the offset in it. Addresses differ between processes, offsets do not.
struct FunctionRef {
    std::uint32_t module = 0; // in this process's table of modules; 0: the program
    std::uint64_t offset = 0;
};

/// Returns the location of a function. Throws ValueError if it is not in a file because it was made
/// at run time.
[[nodiscard]] FunctionRef locate_function(const void* function);

template <class R, class... Args> FunctionRef locate_function(R (*function)(Args...)) {
    return locate_function(reinterpret_cast<const void*>(function));
}

} // namespace hocket::detail
