#pragma once

#include <cuda_runtime_api.h>

#include <hocket/cuda.hpp>

/// CUDA's own objects, for libraries that work with them, such as cuBLAS. They stay hocket's. All
/// throw ValueError if the object is not one of CUDA.
namespace hocket::cuda {

/// The number of the device, for cudaSetDevice.
[[nodiscard]] int native_device(const gpu::Device& device);
/// Commands that others submit to the stream are in order with its own, but Stream::completed does
/// not see them: submit a command of hocket's after them, and await that.
[[nodiscard]] cudaStream_t native_stream(const Stream& stream);
[[nodiscard]] void* native_memory(const detail::gpu::DeviceMemory& memory);
template <class T> [[nodiscard]] T* native_memory(const Buffer<T>& buffer) {
    return static_cast<T*>(native_memory(*buffer.memory()));
}

} // namespace hocket::cuda
