#pragma once

#include <cstdint>

namespace hocket::detail {

/// A function as it crosses to another process of the same program: the module (the program itself,
/// or a shared library) and the offset in it. Addresses differ from process to process, offsets do
/// not.
struct FunctionRef {
    std::uint32_t module = 0; // in this process's table of modules; 0: the program
    std::uint64_t offset = 0;
};

/// Where a function is. ValueError when it is in no file: made at run time.
[[nodiscard]] FunctionRef locate_function(const void* function);

template <class R, class... Args> FunctionRef locate_function(R (*function)(Args...)) {
    return locate_function(reinterpret_cast<const void*>(function));
}

} // namespace hocket::detail
