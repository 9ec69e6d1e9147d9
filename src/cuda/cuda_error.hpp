#pragma once

#include <cuda_runtime_api.h>

#include <exception>
#include <string>

namespace hocket::detail::cuda {

/// The exception for a failure of `call`: OutOfDeviceMemory or GpuError.
[[nodiscard]] std::exception_ptr error_of(const char* call, int code,
                                          const std::string& kernel = {});
/// Throws it, unless `code` is cudaSuccess.
void check(const char* call, cudaError_t code, const std::string& kernel = {});

} // namespace hocket::detail::cuda
