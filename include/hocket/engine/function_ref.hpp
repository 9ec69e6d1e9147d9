#pragma once

#include <cstdint>

namespace hocket::engine {

/// Identifies a function to another process of the same program: by the module (the program itself
/// or a shared library) and the offset in it. Addresses differ between processes, offsets do not.
struct FunctionRef {
    std::uint32_t module = 0; // in this process's table of modules; 0: the program
    std::uint64_t offset = 0;
};

} // namespace hocket::engine
