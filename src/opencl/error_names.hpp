#pragma once

#include <exception>
#include <string>

#include "opencl/cl.hpp"

namespace hocket::detail::opencl {

/// "CL_INVALID_VALUE"
[[nodiscard]] std::string error_name(int code);
/// The exception for a failure of `call`: OutOfDeviceMemory or GpuError.
[[nodiscard]] std::exception_ptr error_of(const char* call, int code,
                                          const std::string& kernel = {});
/// Throws it, unless `code` is CL_SUCCESS.
void check(const char* call, int code, const std::string& kernel = {});

} // namespace hocket::detail::opencl
