#pragma once

#include <cstdint>

#include <hocket/engine/function_ref.hpp>

namespace hocket::detail {

using engine::FunctionRef;

/// Returns the location of a function. Throws ValueError if it is not in a file because it was made
/// at run time.
[[nodiscard]] FunctionRef locate_function(const void* function);

template <class R, class... Args> FunctionRef locate_function(R (*function)(Args...)) {
    return locate_function(reinterpret_cast<const void*>(function));
}

} // namespace hocket::detail
