#include "cuda/cuda_error.hpp"

#include <hocket/gpu/errors.hpp>

namespace hocket::detail::cuda {

std::exception_ptr error_of(const char* call, int code, const std::string& kernel) {
    const auto error = static_cast<cudaError_t>(code);
    const char* const name = cudaGetErrorName(error);
    const char* const text = cudaGetErrorString(error);
    if (error == cudaErrorMemoryAllocation) {
        return std::make_exception_ptr(
            hocket::gpu::OutOfDeviceMemory(call, code, name, kernel, text));
    }
    return std::make_exception_ptr(hocket::gpu::GpuError(call, code, name, kernel, text));
}

void check(const char* call, cudaError_t code, const std::string& kernel) {
    if (code != cudaSuccess) {
        std::rethrow_exception(error_of(call, code, kernel));
    }
}

} // namespace hocket::detail::cuda
